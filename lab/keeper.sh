#!/bin/sh
# Keeps one lab: its folder, its pid namespace and its switch (a network namespace).
#
#   keeper.sh PARENT-FOLDER
#
# stdin is the lifeline: it comes from the lab's creator, and however the creator ends, the read below sees the end
# of the file. Then the inner half, which is process 1 of the lab's pid namespace, exits; the kernel kills everything
# in it (all hosts, whatever state they are in); and the outer half removes the folder. Nothing has to be caught,
# and nothing depends on the creator's last words. Namespaces and mounts belong to the processes and go with them.
#
# First line on stdout: PID FOLDER (the inner half, as the machine sees it). After that each line on stdin is a
# command for the switch; the answer is its output and a line "= STATUS".

# PIPE: when the creator dies early, writing the answer must not kill us before the folder is gone.
trap '' HUP INT TERM PIPE

if [ "$1" != --inside ]; then
  folder=$(mktemp -d "$1/hale-lab-XXXXXX") || exit 1
  chmod 755 "$folder"
  unshare --net --pid --fork --kill-child sh "$0" --inside "$folder"
  status=$?
  # Inside /var/lib of a dying host something may still have been written a moment ago.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$folder" && exit $status
    sleep 0.1
  done
  exit 1
fi

folder=$2
mkdir "$folder/control" "$folder/hosts" "$folder/logs" "$folder/sbin" "$folder/shared" || exit 1
mkfifo -m 666 "$folder/control/power" || exit 1
# /proc is still the machine's, so this is the process id that the creator can use.
read -r pid _ </proc/self/stat
echo "$pid $folder"
while IFS= read -r line; do
  eval "$line" </dev/null 2>&1
  echo "= $?"
done
