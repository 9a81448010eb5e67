# shellcheck shell=bash
# The Python environment: found, made, filled from the locks.

# Prints the first usable Python; otherwise says what is missing.
find_python() {
  local candidate path without_venv=""
  for candidate in ${CHOSEN_PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
    path=$(command -v "$candidate") || continue
    "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$path" -c 'import ensurepip, venv' 2>/dev/null; then
      say "$path"
      return
    fi
    without_venv=${without_venv:-$path}
  done
  if [[ -n $without_venv ]]; then
    local version
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    die "$without_venv has no venv module. On Debian and Ubuntu: sudo apt install python$version-venv"
  fi
  if [[ -n $CHOSEN_PYTHON ]]; then
    die "LINNET_PYTHON=$CHOSEN_PYTHON is not a Python 3.11 or later."
  fi
  die "Linnet needs Python 3.11 or later, and none is on the PATH. If it is elsewhere, set LINNET_PYTHON."
}

# Makes .venv unless there is one that works.
make_venv() {
  if "$PY" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    return
  fi
  local python
  python=$(find_python)
  say "Making the environment in ${VENV#"$ROOT"/} with $("$python" --version) ..."
  "$python" -m venv --clear "$VENV" || die "$python could not make $VENV."
}

# Shows pip's work as a count; everything it says goes to the install log.
count_packages() {
  local total=$1 line done_count=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$INSTALL_LOG"
    case $line in
      Collecting\ * | Requirement\ already\ satisfied*)
        done_count=$((done_count + 1))
        if [[ -t 1 ]]; then
          printf '\r  %d of %d fetched' "$done_count" "$total"
        elif ((done_count % 20 == 0)); then
          say "  $done_count of $total fetched"
        fi
        ;;
      Ignoring\ *) total=$((total - 1)) ;; # for another system or Python
      Installing\ collected\ packages*)
        if [[ -t 1 ]]; then printf '\r'; fi
        say "  all fetched, installing  "
        ;;
    esac
  done
}

pip_install() {
  "$PY" -m pip install --disable-pip-version-check --no-input --retries 2 "$@" 2>&1
}

# need SET: makes sure that at least that set of locked dependencies and the project are installed.
# The sets grow: runtime < test < bench. The stamp tells which is in, and from which locks.
need() {
  local wanted=$1 stamp=$VENV/.linnet-installed fingerprint installed="" stamped=""
  if [[ -n $PREPARED_VENV ]]; then
    [[ -x $PY ]] || die "LINNET_VENV=$PREPARED_VENV is not a Python environment."
    return
  fi
  mkdir -p "$RUN_DIR"
  one_at_a_time
  make_venv
  fingerprint=$({ cat requirements/*.txt pyproject.toml && say "$ROOT"; } | checksum)
  if [[ -f $stamp ]]; then read -r installed stamped <"$stamp" || true; fi
  if [[ $stamped == "$fingerprint" ]]; then
    case $wanted:$installed in
      *:bench | test:test | runtime:test | runtime:runtime) return ;;
    esac
  fi

  local lock=requirements/$wanted.txt
  say "Installing the locked dependencies ($lock) ..."
  rm -f "$stamp"
  : >"$INSTALL_LOG"
  if ! pip_install --require-hashes -r "$lock" | count_packages "$(grep -c '^[A-Za-z0-9]' "$lock")"; then
    complain "The dependencies could not be installed: $(grep -i error "$INSTALL_LOG" | tail -n 1)"
    die "All of it is in ${INSTALL_LOG#"$ROOT"/}."
  fi
  if ! pip_install --no-deps --no-build-isolation --editable . >>"$INSTALL_LOG"; then
    die "Linnet itself could not be installed; the reason is in ${INSTALL_LOG#"$ROOT"/}."
  fi
  say "$wanted $fingerprint" >"$stamp"
}
