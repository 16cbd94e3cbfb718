#!/usr/bin/python3
"""A small JSON API, as Flask or as Tornado serves it.

    json_api.py flask|tornado PORT

    /users          {"users": [{"id": 1, "name": ...}, ...], "server": ...}
    /users/ID       one of them, or 404 with {"error": ...}
    /slow           the first after half a second
"""

import sys

USERS = [{"id": 1, "name": "Ann <a>"}, {"id": 2, "name": "Bj\u00f6rn"},
         {"id": 3, "name": "\u4e09"}]


def flask(port):
    import time

    from flask import Flask, jsonify, request

    app = Flask(__name__)

    @app.route("/users")
    def users():
        reply = jsonify(users=USERS, server="flask", q=request.args.get("q"))
        reply.headers["X-Total-Count"] = len(USERS)
        return reply

    @app.route("/users/<int:number>")
    def user(number):
        if not 0 < number <= len(USERS):
            return jsonify(error="no user %d" % number), 404
        return jsonify(USERS[number - 1])

    @app.route("/slow")
    def slow():
        time.sleep(0.5)
        return jsonify(USERS[0])

    app.run(host="127.0.0.1", port=port, threaded=True)


def tornado(port):
    import asyncio

    from tornado import web

    class Users(web.RequestHandler):
        def get(self):
            self.set_header("X-Total-Count", len(USERS))
            self.write({"users": USERS, "server": "tornado",
                        "q": self.get_argument("q", None)})

    class User(web.RequestHandler):
        def get(self, number):
            number = int(number)
            if not 0 < number <= len(USERS):
                self.set_status(404)
                self.write({"error": "no user %d" % number})
            else:
                self.write(USERS[number - 1])

    class Slow(web.RequestHandler):
        async def get(self):
            await asyncio.sleep(0.5)
            self.write(USERS[0])

    async def serve():
        web.Application([("/users", Users), (r"/users/(\d+)", User),
                         ("/slow", Slow)]).listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    {"flask": flask, "tornado": tornado}[sys.argv[1]](int(sys.argv[2]))
