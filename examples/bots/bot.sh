#!/bin/sh
# A bot in plain sh. Run it: sh bot.sh bot@chat.example.org
# It answers two words only, and with none of them: two bots do not talk for ever.
LC_ALL=C; export LC_ALL                 # a text is bytes, whatever they mean
answer() {
    rm -r "$way"                        # both pipes are open: they need no names
    while IFS= read -r line; do
        case $line in "From "*": "*) line=${line#From } ;; *) continue ;; esac
        name=${line%%: *} text=${line#*: }  # no name has a space
        case $text in
            hello) answer='you are welcome: try say TEXT' ;;
            'say '*) answer="you said: ${text#say }" ;;
            *) continue ;;
        esac
        printf '%s\n' "@$name $answer"  # echo would obey \n, -n and more
    done
}
way=$(mktemp -d) && mkfifo "$way/said" "$way/typed" || exit 1
answer <"$way/said" >"$way/typed" &
exec chinwag --max-message 4K "${@:-bot@localhost}" >"$way/said" <"$way/typed"
