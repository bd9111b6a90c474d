complete -c chinwagd -s a -l address -d 'Where to listen' -r -f -a "(__fish_print_hostnames)"
complete -c chinwagd -s p -l port -d 'The port' -r -f
complete -c chinwagd -l socket-mode -d 'The mode of a Unix socket, in octal digits' -r -f
complete -c chinwagd -l allow -d 'Let only those in who come from NETWORK' -r -f
complete -c chinwagd -l deny -d 'Let nobody in who comes from NETWORK' -r -f
complete -c chinwagd -l names -d 'Let those of WHO log in under their own name only' -r -f -a "peer\t''
certificate\t''"
complete -c chinwagd -l max-users -d 'How many may be logged in at once' -r -f
complete -c chinwagd -l max-name -d 'The longest name, in bytes' -r -f
complete -c chinwagd -l max-message -d 'The longest text of a message' -r -f
complete -c chinwagd -l max-queue -d 'The most that may wait for one client' -r -f
complete -c chinwagd -l max-memory -d 'The most that all clients may make it hold' -r -f
complete -c chinwagd -l max-connections -d 'How many may be connected' -r -f
complete -c chinwagd -l max-per-address -d 'How many connections an address may have' -r -f
complete -c chinwagd -l login-timeout -d 'Close what has not logged in after so long' -r -f
complete -c chinwagd -l tls-cert -d 'Use this certificate, with those that vouch for it, in PEM (feature tls)' -r -F
complete -c chinwagd -l tls-key -d 'The key that belongs to it (feature tls)' -r -F
complete -c chinwagd -l tls-client-ca -d 'Let only those in who have a certificate of an authority in FILE (feature tls)' -r -F
complete -c chinwagd -l echobot -d 'Add echobot, who sends every message back'
complete -c chinwagd -l tls -d 'Encrypt the connections from the network (feature tls)'
complete -c chinwagd -s v -l verbose -d 'Log more on standard error'
complete -c chinwagd -s h -l help -d 'Print help'
complete -c chinwagd -s V -l version -d 'Print version'
complete -c chinwagd -f
