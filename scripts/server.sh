# shellcheck shell=bash
# The commands about a running server: start, stop, status, logs, open, and its clients.

print_addresses() {
  say "  Web page    $(web_url)"
  say "  API         $(api_url)"
  say "  API docs    $(api_url)/docs"
  case $SERVER_HOST in
    127.* | ::1 | localhost) ;;
    *) say "  Note        it listens on $SERVER_HOST: other machines can reach it (LINNET_HOST); LINNET_API_TOKEN says who may" ;;
  esac
}

print_classifier() {
  case $1 in
    mock) say "  Classifier  mock: a synthetic conversation, it does not listen (CF_VOICE_MOCK)" ;;
    *) say "  Classifier  $1: it listens to the audio" ;;
  esac
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
  offer_page
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

# A setting that makes no sense is named while the old server still runs.
restart() {
  if find_server && [[ -x $PY ]]; then
    "$PY" -m server.cli.probe settings >/dev/null || exit 1
  fi
  stop
  start
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

analyze() {
  # Files are named from where the caller stands; settings are read here, as always.
  local arguments=() argument out=
  for argument in "$@"; do
    if [[ $argument != [/-]* && ( -n $out || -e $CALLER_DIR/$argument ) ]]; then
      argument=$CALLER_DIR/$argument
    fi
    out=
    if [[ $argument == -o || $argument == --out ]]; then out=next; fi
    arguments+=("$argument")
  done
  need runtime >&2
  next_please
  exec "$PY" -m server analyze ${arguments[@]+"${arguments[@]}"}
}
