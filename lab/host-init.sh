#!/bin/bash
# Process 1 of one host: makes the host's view of the file system, then takes commands until its stdin ends.
#
#   host-init.sh NAME FSTAB
#
# Runs in fresh network, mount, uts, ipc and pid namespaces. First line on stdout: its process id as the machine sees
# it, and as the lab's keeper sees it. After that each line on stdin is a command; the answer is its output and a line
# "= STATUS". The end of stdin, or a SIGKILL from outside, is the loss of power: the kernel kills every process here.
#
# bash and not sh: it reaps whatever process is left to it, where dash is thrown out of its `read` by the first orphan
# that dies. Without that, daemons would stay as zombies, and agents that wait for their end would wait for ever.
while read -r key pid keeper_view _; do
  [ "$key" != NSpid: ] || echo "$pid $keeper_view"
done </proc/self/status
mount --all --fstab "$2" || exit 1
echo "$1" >/proc/sys/kernel/hostname || exit 1
while IFS= read -r line; do
  eval "$line" </dev/null 2>&1
  echo "= $?"
done
