#!/bin/sh
# In the place of After Effects: writes -output as the name of the composition says, and talks as aerender does.
# STUB holds film.mov, picture.png, and a file for every thing that shall go on: "go" lets "gated" finish.
while [ $# -gt 0 ]; do
    case "$1" in
        -comp) comp=$2 ;;
        -output) output=$2 ;;
        -e) last=$2 ;;
        -r) script=$2 ;;
    esac
    shift
done
echo "$comp" >> "$STUB/calls"
cp "$script" "$STUB/script.jsx"
echo 'PROGRESS:  Start: 0:00:00:00'
sleep 0.02  # nexrender reads one thing from a chunk
echo 'PROGRESS:  Duration: 0:00:10:00'
sleep 0.02
case "$comp" in
    gated)
        : > "$STUB/drawing"
        looks=0
        while [ ! -e "$STUB/go" ] && [ "$looks" -lt 4000 ]; do
            echo 'PROGRESS:  0:00:05:00 (6): 0 Seconds'  # again and again: on a busy machine chunks come together
            sleep 0.05
            looks=$((looks + 1))
        done ;;
    broken)
        echo "aerender Error: nexrender: Couldn't find any layers by provided name (player) inside a composition: *"
        exit 1 ;;
    unlicensed)
        echo 'aerender Error: After Effects has no valid license'
        exit 1 ;;
    missing) exit 0 ;;
esac
case "$output" in
    *'[#####].png')
        frame=0
        while [ "$frame" -le "$last" ]; do
            cp "$STUB/picture.png" "$(dirname "$output")/$(printf %05d "$frame").png"
            frame=$((frame + 1))
        done ;;
    *) if [ "$comp" = tiny ]; then echo no film > "$output"; else cp "$STUB/film.mov" "$output"; fi ;;
esac
echo 'PROGRESS:  0:00:10:00 (11): 0 Seconds'
