complete -c chinwag -s a -l address -d 'The server\'s name or address' -r -f -a "(__fish_print_hostnames)"
complete -c chinwag -s p -l port -d 'The server\'s port' -r -f
complete -c chinwag -l via -d 'Talk to COMMAND, which a shell runs, instead of a socket' -r -f -a "(__fish_complete_command)"
complete -c chinwag -s n -l name -d 'Log in as NAME without asking' -r -f
complete -c chinwag -l to -d 'Talk to NAME' -r -f
complete -c chinwag -l max-message -d 'Drop longer lines of the server' -r -f
complete -c chinwag -l connect-timeout -d 'Give up connecting after so long' -r -f
complete -c chinwag -l linger -d 'After the end of input, wait so long for the next answer' -r -f
complete -c chinwag -l escape -d 'Make control characters in messages visible' -r -f -a "auto\t''
always\t''
never\t''"
complete -c chinwag -l color -d 'Names in colours' -r -f -a "auto\t''
always\t''
never\t''"
complete -c chinwag -l log -d 'Append what happens to FILE' -r -F
complete -c chinwag -l send -d 'Send TEXT to NAME, and leave' -r -f
complete -c chinwag -l tls-ca -d 'Trust those servers only that an authority in FILE vouches for (feature tls)' -r -F
complete -c chinwag -l tls-pin -d 'Trust the server whose certificate has this fingerprint (feature tls)' -r -f
complete -c chinwag -l tls-known -d 'The servers that were said to be the right ones (feature tls)' -r -F
complete -c chinwag -l tls-cert -d 'Show this certificate (feature tls)' -r -F
complete -c chinwag -l tls-key -d 'The key that belongs to it (feature tls)' -r -F
complete -c chinwag -l notify -d 'Have the terminal call at a message that nobody looks at (feature rich)' -r -f -a "bell\t''
osc9\t''
osc777\t''"
complete -c chinwag -l on-message -d 'Run COMMAND, words without a shell, for each message (feature rich)' -r -f -a "(__fish_complete_command)"
complete -c chinwag -l ignore -d 'Show no message of NAME (feature rich)' -r -f
complete -c chinwag -l host -d 'Run a server here, and join it'
complete -c chinwag -l plain -d 'Leave the typed line to the terminal'
complete -c chinwag -l timestamps -d 'Begin each line with the time'
complete -c chinwag -l bell -d 'Ring the terminal\'s bell at a message'
complete -c chinwag -l reconnect -d 'Make a lost connection again, with the same name'
complete -c chinwag -l strict -d 'End with status 5 at the first message that is refused'
complete -c chinwag -l tls -d 'Encrypt the connection (feature tls)'
complete -c chinwag -l pretty -d 'On a terminal, show lines for people (feature rich)'
complete -c chinwag -s v -l verbose -d 'Log more on standard error'
complete -c chinwag -s h -l help -d 'Print help'
complete -c chinwag -s V -l version -d 'Print version'
complete -c chinwag -f -a "(__fish_print_hostnames)"
