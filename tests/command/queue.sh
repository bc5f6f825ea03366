#!/bin/sh
# A queue of jobs that runs each at once, for tests: `queue.sh FOLDER submit|status|cancel|find ..`. Its state is in the folder.
set -u
queue=$1
verb=$2
shift 2
case $verb in
submit)
    name=$1 out=$2 err=$3
    shift 3
    id=$(mktemp -u XXXXXXXX)
    dir=$queue/$id
    mkdir -p "$dir"
    printf '%s' "$name" >"$dir/name"
    printf '%s\n' "$@" >"$dir/argv"
    env >"$dir/environment"
    (
        setsid sh -c 'echo $$ >"$0/pid"; exec "$@"' "$dir" "$@" >"$out" 2>"$err" </dev/null
        echo $? >"$dir/exit.new"
        mv "$dir/exit.new" "$dir/exit"
    ) >/dev/null 2>&1 &
    if [ -e "$queue/lose-answers" ]; then
        rm "$queue/lose-answers"
        echo "the connection was reset"
        exit 0
    fi
    echo "Job <$id> is submitted to the default queue."
    ;;
status)
    echo "JOBID STAT EXIT"
    for id in "$@"; do
        dir=$queue/$id
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
        kill -TERM -- "-$(cat "$queue/$id/pid")"
    done
    ;;
find)
    for dir in "$queue"/*/; do
        if [ -e "$dir/name" ] && [ "$(cat "$dir/name")" = "$1" ]; then echo "found $(basename "$dir")"; fi
    done
    ;;
esac
