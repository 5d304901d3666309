import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/*
 * [PRO-4] Agents tell their promotion score by Pacemaker's programs `crm_attribute -p` and `crm_master`, which `ocf_promotion_score` of resource-agents calls in
 * the folder `HA_SBIN_DIR`. Here they are a few lines of shell that write the score into a file of the resource, which is read when the operation has ended.
 */

const program = `#!/bin/sh
# Written by haled. Tells the promotion score of the resource whose agent calls this: -v SCORE, or -D for none.
[ -n "$HALE_SCORE_FILE" ] || { echo "\${0##*/}: only for agents of promotable services" >&2; exit 64; }
score=
while [ $# -gt 0 ]; do
  case $1 in
    -v | --update) score=\${2-}; shift ;;
    -v*) score=\${1#-v} ;;
    --update=*) score=\${1#--update=} ;;
    -D | --delete) score=none ;;
    -n | --name | -N | --node | -t | --type | -s | --set-name) echo "\${0##*/}: hale has no $1" >&2; exit 64 ;;
    -l | --lifetime) shift ;;
  esac
  shift
done
[ -n "$score" ] || { echo "\${0##*/}: hale keeps scores, and does not tell them" >&2; exit 64; }
printf '%s\n' "$score" >"$HALE_SCORE_FILE.new" && mv "$HALE_SCORE_FILE.new" "$HALE_SCORE_FILE"
`;

/** The scores that agents of this node have told. */
export class PromotionScores {
  readonly #folder: string;
  #isEquipped = false;

  /** @param folder is made, with the programs in it, when an agent first needs it */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What an agent needs to tell its score. @param instance names the resource, and may be part of a file name */
  environmentOf(instance: string): Readonly<Record<string, string>> {
    this.#equip();
    return { HA_SBIN_DIR: this.#folder, HALE_SCORE_FILE: this.#fileOf(instance) };
  }

  /** What was told last; null: nothing, or nothing that is a score. None at all is -1. */
  told(instance: string): number | null {
    let text: string;
    try {
      text = readFileSync(this.#fileOf(instance), "utf8").trim();
    } catch {
      return null; // Its agent has told none yet.
    }
    if (text === "none") return -1;
    const score = Number(text);
    return /^[+-]?[0-9]+$/.test(text) && Number.isSafeInteger(score) ? score : null;
  }

  /** What is started anew has said nothing yet. */
  forget(instance: string): void {
    rmSync(this.#fileOf(instance), { force: true });
  }

  #equip(): void {
    if (this.#isEquipped) return;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o755 });
      for (const name of ["crm_attribute", "crm_master"])
        writeFileSync(join(this.#folder, name), program, { mode: 0o755 });
      this.#isEquipped = true;
    } catch {
      // The agent finds no program to tell its score by and says so; without a score nothing is promoted.
    }
  }

  #fileOf(instance: string): string {
    return join(this.#folder, `${instance}.score`);
  }
}
