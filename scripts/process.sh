# shellcheck shell=bash
# The running server as a process: told apart from others, launched, waited for, ended.

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
