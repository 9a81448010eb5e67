# shellcheck shell=bash
# What every part of manage.sh needs: saying things, checksums, waiting for one's turn.

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }
die() {
  complain "$@"
  exit 1
}

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# Two that install or start at once wait for each other (where the system has flock).
one_at_a_time() {
  if command -v flock >/dev/null; then
    exec 9>"$RUN_DIR/lock"
    flock -w 300 9 || die "Another ./manage.sh has been installing or starting for five minutes."
  fi
}

next_please() { exec 9>&-; }
