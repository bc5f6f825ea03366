#!/bin/sh
# A queue of jobs that runs each at once, for tests: submit, status, cancel, find. Its state is in $QUEUE_DIR.
set -u
verb=$1
shift
case $verb in
submit)
    name=$1 out=$2 err=$3
    shift 3
    id=$(mktemp -u XXXXXXXX)
    dir=$QUEUE_DIR/$id
    mkdir -p "$dir"
    printf '%s' "$name" >"$dir/name"
    printf '%s\n' "$@" >"$dir/argv"
    env >"$dir/environment"
    (
        setsid sh -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@" >"$out" 2>"$err" </dev/null
        echo $? >"$dir/exit.new"
        mv "$dir/exit.new" "$dir/exit"
    ) >/dev/null 2>&1 &
    if [ -e "$QUEUE_DIR/lose-answers" ]; then
        rm "$QUEUE_DIR/lose-answers"
        echo "the connection was reset"
        exit 0
    fi
    echo "Job <$id> is submitted to the default queue."
    ;;
status)
    echo "JOBID STAT EXIT"
    for id in "$@"; do
        dir=$QUEUE_DIR/$id
        if [ -e "$dir/word" ]; then
            echo "$id $(cat "$dir/word") -"
        elif [ -e "$dir/exit" ]; then
            exit=$(cat "$dir/exit")
            if [ "$exit" = 0 ]; then echo "$id DONE 0"; else echo "$id EXIT $exit"; fi
        elif [ -e "$dir/pid" ]; then
            echo "$id RUN -"
        elif [ -e "$dir" ]; then
            echo "$id PEND -"
        fi
    done
    ;;
cancel)
    for id in "$@"; do
        kill -TERM -- "-$(cat "$QUEUE_DIR/$id/pid")"
    done
    ;;
find)
    for dir in "$QUEUE_DIR"/*/; do
        if [ -e "$dir/name" ] && [ "$(cat "$dir/name")" = "$1" ]; then echo "found $(basename "$dir")"; fi
    done
    ;;
esac
