#!/bin/sh
# Makes the WAV files from utterances.tsv with Debian's flite, espeak-ng and sox: telephone band, 8 kHz, µ-law.
set -e
cd "$(dirname "$0")"
scratch=$(mktemp -d)
number=0
while IFS="$(printf '\t')" read -r voice _intent text; do
    number=$((number + 1))
    case $voice in
        espeak) espeak-ng -v en-us -s 150 -w "$scratch/plain.wav" "$text" ;;
        *) flite -voice "$voice" -t "$text" -o "$scratch/plain.wav" ;;
    esac
    # A fixed seed of dither (-R) keeps the files the same from run to run.
    sox -R "$scratch/plain.wav" -r 8000 -c 1 -e mu-law "$(printf '%02d.wav' $number)" gain -n -6 sinc 300-3400 pad 0.1 0.3
done < utterances.tsv
rm -r "$scratch"
