#!/usr/bin/env bash
# A bot in bash 4 or later. Run it: bash bot.bash bot@chat.example.org
# It answers two words only, and with none of them: two bots do not talk for ever.
LC_ALL=C                                # a text is bytes, whatever they mean
answer() {
    while IFS= read -r line; do
        [[ $line =~ ^From\ ([^\ ]*):\ (.*)$ ]] || continue
        name=${BASH_REMATCH[1]} text=${BASH_REMATCH[2]}
        case $text in
            hello) answer='you are welcome: try say TEXT' ;;
            'say '*) answer="you said: ${text#say }" ;;
            *) continue ;;
        esac
        printf '%s\n' "@$name $answer"  # echo would obey -n
    done
}
coproc answer
exec chinwag --max-message 4K "${@:-bot@localhost}" <&"${COPROC[0]}" >&"${COPROC[1]}"
