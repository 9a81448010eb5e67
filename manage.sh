#!/usr/bin/env bash
# Runs Linnet on this machine: makes the environment, starts and stops the server, tests it.
#
# Needs Python 3.11 or later and nothing else. All state of a running server is in .run/.
# Settings come from the environment and .env, as the server itself reads them.
set -euo pipefail

CALLER_DIR=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$ROOT"

# LINNET_VENV names a prepared environment: it is used as it is, nothing is installed into it.
PREPARED_VENV=${LINNET_VENV:-}
VENV=${PREPARED_VENV:-$ROOT/.venv}
CHOSEN_PYTHON=${LINNET_PYTHON:-}
START_DEADLINE_S=${LINNET_START_DEADLINE_S:-60}
STOP_DEADLINE_S=${LINNET_STOP_DEADLINE_S:-10}
unset LINNET_VENV LINNET_PYTHON LINNET_START_DEADLINE_S LINNET_STOP_DEADLINE_S

PY=$VENV/bin/python
RUN_DIR=$ROOT/.run
PID_FILE=$RUN_DIR/linnet.pid
LOG_FILE=$RUN_DIR/linnet.log
INSTALL_LOG=$RUN_DIR/install.log
LOG_LIMIT_BYTES=$((10 * 1024 * 1024))

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }
die() {
  complain "$@"
  exit 1
}

help() {
  cat <<'TEXT'
Usage: ./manage.sh COMMAND

  start            make the environment if need be, start the server, wait until it is ready
  stop             stop the server that start started
  restart          stop, then start
  status           say whether it runs and where (exit status 0: runs, 3: does not)
  logs             follow the server's log (-n N: last N lines, --no-follow: print and leave)
  open             open the web page in a browser
  demo             play the recording that ships with Linnet and print what is heard in it
  stream FILE      play an audio file into the server in real time and print what is heard
  test [ARGS]      lint, types, import rules and all tests; ARGS go to pytest
  bench [ARGS]     measure the server beside its peers; ARGS go to the benchmark
  lock [--upgrade] make requirements/*.txt anew after a change of dependencies
  docker-start     build the image and start it in Docker
  docker-stop      stop it
  help             this text

Settings are those of .env.example, from the environment or .env. For this script alone:
  LINNET_PYTHON            the Python to make the environment with
  LINNET_VENV              a prepared environment to use as it is
  LINNET_START_DEADLINE_S  how long start waits for ready (60)
  LINNET_STOP_DEADLINE_S   how long stop waits before it kills (10)
TEXT
}

# --- environment ---------------------------------------------------------------------------------

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

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
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

# Two that install or start at once wait for each other (where the system has flock).
one_at_a_time() {
  if command -v flock >/dev/null; then
    exec 9>"$RUN_DIR/lock"
    flock -w 300 9 || die "Another ./manage.sh has been installing or starting for five minutes."
  fi
}

next_please() { exec 9>&-; }

# --- the running server --------------------------------------------------------------------------

# identity PID: prints what tells this process from any other that ever has the same number, or
# nothing when there is none (or only its remains).
identity() {
  local stat boot
  if [[ -d /proc/self ]]; then
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    # Fields after the name in parentheses: state first, start time in ticks twentieth.
    read -r -a stat <<<"${stat##*) }"
    if [[ ${stat[0]} != [ZX] ]]; then
      { boot=$(</proc/sys/kernel/random/boot_id); } 2>/dev/null || boot=""
      say "${stat[19]}@$boot"
    fi
  else
    LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_' || true
  fi
}

# find_server: success when the server of the pid file lives; sets SERVER_PID and its addresses.
# A pid file whose process is gone, or whose number now belongs to another, is stale: no server.
find_server() {
  local recorded now
  SERVER_PID="" SERVER_HOST="" SERVER_CONNECT="" SERVER_PORT="" SERVER_FRONTEND_PORT=""
  [[ -f $PID_FILE ]] || return 1
  {
    read -r SERVER_PID
    read -r recorded SERVER_HOST SERVER_CONNECT SERVER_PORT SERVER_FRONTEND_PORT
  } <"$PID_FILE" || return 1
  [[ $SERVER_PID =~ ^[0-9]+$ && -n $recorded && -n $SERVER_FRONTEND_PORT ]] || return 1
  now=$(identity "$SERVER_PID")
  [[ $now == "$recorded" ]]
}

api_url() { say "http://$SERVER_CONNECT:$SERVER_PORT"; }
web_url() { say "http://$SERVER_CONNECT:$SERVER_FRONTEND_PORT"; }

# The client commands must reach the server that runs, whatever .env says by now.
export_addresses() {
  export LINNET_HOST=$SERVER_HOST LINNET_PORT=$SERVER_PORT LINNET_FRONTEND_PORT=$SERVER_FRONTEND_PORT
}

print_addresses() {
  say "  Web page    $(web_url)"
  say "  API         $(api_url)"
  say "  API docs    $(api_url)/docs"
  case $SERVER_HOST in
    127.* | ::1 | localhost) ;;
    *) say "  Note        it listens on $SERVER_HOST: other machines can reach it (LINNET_HOST)" ;;
  esac
}

print_classifier() {
  case $1 in
    mock) say "  Classifier  mock: a synthetic conversation, it does not listen (CF_VOICE_MOCK)" ;;
    *) say "  Classifier  $1: it listens to the audio" ;;
  esac
}

# launch: starts the server in the background, apart from this terminal.
launch() {
  local detach=(nohup)
  if command -v setsid >/dev/null; then detach=(setsid); fi
  "${detach[@]}" "$PY" -m server serve </dev/null >>"$LOG_FILE" 2>&1 9>&- &
  SERVER_PID=$!
  # The second line is written with the first: a reader never sees half of it.
  printf '%s\n%s\n' "$SERVER_PID" \
    "$(identity "$SERVER_PID") $SERVER_HOST $SERVER_CONNECT $SERVER_PORT $SERVER_FRONTEND_PORT" \
    >"$PID_FILE.new"
  mv "$PID_FILE.new" "$PID_FILE"
}

# last_line LOG_BYTES: the last line of the log that is not empty, of those after so many bytes.
last_line() {
  tail -c "+$(($1 + 1))" "$LOG_FILE" | grep -v '^[[:space:]]*$' | tail -n 1 || true
}

# wait_ready LOG_BYTES: waits until /health says ready; HEALTH has then version, mode, classifier.
# What the log holds after LOG_BYTES is this start's.
wait_ready() {
  local log_bytes=$1 began=$SECONDS told=$SECONDS state version mode classifier
  until ((SECONDS - began >= START_DEADLINE_S)); do
    if ! find_server; then
      rm -f "$PID_FILE"
      complain "The server ended while it was starting:"
      complain "  $(last_line "$log_bytes")"
      return 1
    fi
    if IFS=$'\t' read -r state version mode classifier < <(
      "$PY" -m server.cli.probe health "$(api_url)" 2>/dev/null
    ) && [[ $state == ready ]]; then
      HEALTH=("$version" "$mode" "$classifier")
      return
    fi
    if ((SECONDS - told >= 5)); then
      told=$SECONDS
      say "  not ready yet, waiting ($((SECONDS - began)) s of $START_DEADLINE_S) ..."
    fi
    sleep 0.2
  done
  complain "The server was not ready after $START_DEADLINE_S s and is stopped again. Its last line:"
  complain "  $(last_line "$log_bytes")"
  stop_server >&2
  return 1
}

start() {
  mkdir -p "$RUN_DIR"
  if find_server; then
    say "Linnet is already running (process $SERVER_PID)."
    print_addresses
    return
  fi
  need runtime
  one_at_a_time
  if find_server; then # another start was faster
    say "Linnet is already running (process $SERVER_PID)."
    print_addresses
    return
  fi
  rm -f "$PID_FILE"

  local answer log_bytes=0
  answer=$("$PY" -m server.cli.probe addresses) || exit 1
  IFS=$'\t' read -r SERVER_HOST SERVER_CONNECT SERVER_PORT SERVER_FRONTEND_PORT <<<"$answer"
  export_addresses
  if [[ -f $LOG_FILE ]]; then
    log_bytes=$(wc -c <"$LOG_FILE")
    if ((log_bytes > LOG_LIMIT_BYTES)); then
      mv "$LOG_FILE" "$LOG_FILE.1"
      log_bytes=0
    fi
  fi
  say "Starting Linnet ..."
  launch
  wait_ready "$log_bytes" || exit 1
  next_please
  say "Linnet ${HEALTH[0]} is ready (process $SERVER_PID, mode ${HEALTH[1]})."
  print_addresses
  print_classifier "${HEALTH[2]}"
}

# stop_server: ends the process of the pid file, politely at first.
stop_server() {
  local pid began=$SECONDS
  pid=$SERVER_PID
  kill -TERM "$pid" || die "Process $pid may not be stopped by $(id -un)."
  while find_server; do
    if ((SECONDS - began >= STOP_DEADLINE_S)); then
      say "It did not end within $STOP_DEADLINE_S s, so it is killed."
      kill -KILL "$pid" 2>/dev/null || true
      STOP_DEADLINE_S=1000000 # killed once; the kernel does the rest
    fi
    sleep 0.1
  done
  rm -f "$PID_FILE"
  say "Linnet is stopped."
}

stop() {
  if find_server; then
    stop_server
  else
    rm -f "$PID_FILE"
    say "Linnet is not running."
  fi
}

status() {
  if ! find_server; then
    if [[ -f $PID_FILE ]]; then
      say "Linnet is not running; the last one ended without being stopped (see ./manage.sh logs)."
    else
      say "Linnet is not running."
    fi
    exit 3
  fi
  local state version mode classifier
  if [[ -x $PY ]] && IFS=$'\t' read -r state version mode classifier < <(
    "$PY" -m server.cli.probe health "$(api_url)" 2>/dev/null
  ); then
    say "Linnet $version is running (process $SERVER_PID, mode $mode, $state)."
    print_addresses
    print_classifier "$classifier"
  else
    say "Linnet is running (process $SERVER_PID) but does not answer $(api_url)/health."
    print_addresses
  fi
}

logs() {
  local lines=100 follow=1
  while (($#)); do
    case $1 in
      -n)
        [[ ${2:-} =~ ^[0-9]+$ ]] || die "logs -n N: how many lines?"
        lines=$2
        shift
        ;;
      --no-follow) follow=0 ;;
      *) die "logs knows -n N and --no-follow, not $1." ;;
    esac
    shift
  done
  [[ -f $LOG_FILE ]] || die "There is no log yet: Linnet has not been started here."
  if ((follow)); then
    exec tail -n "$lines" -F "$LOG_FILE"
  fi
  exec tail -n "$lines" "$LOG_FILE"
}

open_page() {
  find_server || die "Linnet is not running: ./manage.sh start"
  local url opener
  url=$(web_url)
  for opener in xdg-open open; do
    if command -v "$opener" >/dev/null && "$opener" "$url" >/dev/null 2>&1; then
      say "Opened $url"
      return
    fi
  done
  say "Open $url in a browser."
}

# client COMMAND ARGS: runs a client command of linnet against the server, which is started if need
# be. Standard output is the client's alone.
client() {
  local command=$1
  shift
  find_server || start >&2
  export_addresses
  exec "$PY" -m server "$command" --url "$(api_url)" "$@"
}

stream() {
  (($#)) || die "stream FILE: which recording?"
  # Files are named from where the caller stands.
  local arguments=() argument
  for argument in "$@"; do
    if [[ $argument != [/-]* && -e $CALLER_DIR/$argument ]]; then
      argument=$CALLER_DIR/$argument
    fi
    arguments+=("$argument")
  done
  client stream "${arguments[@]}"
}

# --- work on Linnet ------------------------------------------------------------------------------

RED=()

# step NAME COMMAND...: runs one check, remembers it when red.
step() {
  local name=$1 began=$SECONDS
  shift
  say "== $name"
  if "$@"; then
    say "   $name: green ($((SECONDS - began)) s)"
  else
    say "   $name: RED ($((SECONDS - began)) s)"
    RED+=("$name")
  fi
}

# All checks run, so that one look shows everything; pytest is last, and its summary the last line.
run_tests() {
  need test
  next_please
  step "ruff check" "$PY" -m ruff check .
  step "ruff format" "$PY" -m ruff format --check .
  step "mypy" "$PY" -m mypy -p server -p classifier
  step "import rules" "$VENV/bin/lint-imports"
  if ((${#RED[@]})); then
    local names
    names=$(printf '%s, ' "${RED[@]}")
    say "Red before the tests: ${names%, }. The tests run all the same; the exit status will be 1."
  fi
  say "== tests (what is skipped is listed with its reason before the summary)"
  local result=0
  "$PY" -m pytest "$@" || result=$?
  if ((result == 0 && ${#RED[@]})); then result=1; fi
  exit "$result"
}

bench() {
  need bench
  next_please
  exec "$PY" -m tests.bench "$@"
}

lock() {
  need runtime
  local uv=(uv)
  if ! command -v uv >/dev/null; then
    "$PY" -m pip install --quiet --disable-pip-version-check "uv>=0.8"
    uv=("$PY" -m uv)
  fi
  local compile=("${uv[@]}" pip compile --quiet --universal --python-version 3.11
    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
    "$@" pyproject.toml requirements/build.in)
  # The largest first; the others take their versions from it.
  say "Locking requirements/bench.txt, test.txt, runtime.txt ..."
  "${compile[@]}" --extra test --extra bench -o requirements/bench.txt
  "${compile[@]}" --extra test -c requirements/bench.txt -o requirements/test.txt
  "${compile[@]}" -c requirements/bench.txt -o requirements/runtime.txt
}

# --- Docker --------------------------------------------------------------------------------------

compose() {
  command -v docker >/dev/null || die "Docker is not installed. ./manage.sh start runs without it."
  docker compose version >/dev/null 2>&1 || die "Docker has no compose plugin (docker compose)."
  docker info >/dev/null 2>&1 || die "Docker is installed but its engine does not answer."
  docker compose "$@"
}

docker_start() {
  compose up --detach --build --wait
  say "Linnet is ready in Docker, at these addresses of this machine:"
  compose ps --format '{{.Name}}  {{.Ports}}'
}

docker_stop() { compose down; }

# -------------------------------------------------------------------------------------------------

main() {
  local command=${1:-help}
  if (($#)); then shift; fi
  case $command in
    start | stop | restart | status | open | demo | docker-start | docker-stop | help)
      (($# == 0)) || [[ $command == demo ]] || die "$command takes no arguments (./manage.sh help)"
      ;;
  esac
  case $command in
    start) start ;;
    stop) stop ;;
    restart) stop; start ;;
    status) status ;;
    logs) logs "$@" ;;
    open) open_page ;;
    demo) client demo "$@" ;;
    stream) stream "$@" ;;
    test) run_tests "$@" ;;
    bench) bench "$@" ;;
    lock) lock "$@" ;;
    docker-start) docker_start ;;
    docker-stop) docker_stop ;;
    help | -h | --help) help ;;
    *) die "Unknown command: $command (./manage.sh help)" ;;
  esac
}

main "$@"
