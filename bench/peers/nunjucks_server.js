// The pages from nunjucks on node: nunjucks_server.js PORT DATA TEMPLATES
//
// nunjucks compiles a template when it is first used and keeps it.
"use strict";

const fs = require("fs");
const http = require("http");
const nunjucks = require("nunjucks");

const [port, data, templates] = process.argv.slice(2);
const load = (name) =>
    JSON.parse(fs.readFileSync(`${data}/${name}.json`, "utf8"));

const countries = load("countries");
const rows = load("rows");
const fortunes = load("fortunes");
const pages = nunjucks.configure(templates,
                                 { autoescape: true, noCache: false });

const values = {
    "/w1": (message) => ({ message, countries }),
    "/w2": (message) => ({ message, rows }),
    "/w3": (message) => ({
        fortunes: fortunes.concat([{ id: 0, message }]).sort((a, b) =>
            a.message < b.message ? -1 : a.message > b.message ? 1 : 0),
    }),
};

http.createServer({ keepAliveTimeout: 60000 }, (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const make = values[url.pathname];

    if (!make) {
        response.writeHead(404).end();
        return;
    }

    const body = pages.render(url.pathname.slice(1) + ".html",
                              make(url.searchParams.get("m")));
    response.writeHead(200, {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": Buffer.byteLength(body),
    }).end(body);
}).listen(Number(port), "127.0.0.1");
