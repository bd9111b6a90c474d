#!/usr/bin/env node
// A bot for Node.js. Run it: node bot.mjs bot@chat.example.org
// It answers two words only, and with none of them: two bots do not talk for ever.
import { spawn } from "node:child_process";
import { once } from "node:events";

const where = process.argv.length > 2 ? process.argv.slice(2) : ["bot@localhost"];
const chat = spawn("chinwag", ["--max-message", "4K", ...where], { stdio: ["pipe", "pipe", "inherit"] });
chat.on("exit", (status) => process.exit(status ?? 1));
chat.stdin.on("error", () => {}); // it has left
// Bytes as characters, and lines by hand: node:readline ends them at \r, too, where anybody can begin one.
chat.stdout.setEncoding("latin1");
let rest = "";
for await (const chunk of chat.stdout) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
        const [, name, text] = /^From ([^ ]*): (.*)$/s.exec(line) ?? [];
        let answer;
        if (text === "hello") answer = "you are welcome: try say TEXT";
        else if (text?.startsWith("say ")) answer = `you said: ${text.slice("say ".length)}`;
        else continue;
        if (!chat.stdin.write(`@${name} ${answer}\n`, "latin1")) await once(chat.stdin, "drain");
    }
}
