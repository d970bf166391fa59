"""Serves the calls of Qdrant's REST protocol that the library uses, from the local mode of PyPI `qdrant-client`.

Every request body is validated by that package's own models (unknown fields are refused) before local mode runs it, and every answer has the
server's envelope. What local mode does not do, it does not pretend to do: payload indexes and `is_tenant` are accepted and ignored, search is
exact, consistency and ordering parameters have no effect.

With --engine Qdrant's own engine answers instead (qdrant_engine.py).

Usage: qdrant-bridge.py [--path FOLDER] [--port N] [--engine]      prints `listening PORT` on stdout
"""

import argparse
import json
import re
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import TypeAdapter, ValidationError
from qdrant_client import QdrantClient
from qdrant_client.http import models

warnings.filterwarnings("ignore")

ALLOWED_QUERY = {"wait", "ordering", "consistency", "timeout"}


class NotFound(Exception):
    pass


class Bridge:
    def __init__(self, path, engine):
        if engine:
            from qdrant_engine import Engine

            self.client = Engine(path)
        else:
            self.client = QdrantClient(path=path) if path else QdrantClient(":memory:")
        self.lock = threading.Lock()
        self.calls = {}

    def need(self, name):
        if not self.client.collection_exists(name):
            raise NotFound(f"Not found: Collection `{name}` doesn't exist!")

    def exists(self, name, _body):
        return {"exists": self.client.collection_exists(name)}

    def info(self, name, _body):
        self.need(name)
        return self.client.get_collection(name)

    def create(self, name, body):
        request = models.CreateCollection.model_validate(body)
        if self.client.collection_exists(name):
            raise ValueError(f"Wrong input: Collection `{name}` already exists!")
        return self.client.create_collection(
            name, vectors_config=request.vectors, sparse_vectors_config=request.sparse_vectors
        )

    def drop(self, name, _body):
        return self.client.delete_collection(name)

    def index(self, name, body):
        self.need(name)
        request = models.CreateFieldIndex.model_validate(body)
        return self.client.create_payload_index(name, request.field_name, field_schema=request.field_schema)

    def upsert(self, name, body):
        self.need(name)
        request = TypeAdapter(models.PointInsertOperations).validate_python(body)
        points = request.points if isinstance(request, models.PointsList) else request.batch
        return self.client.upsert(name, points=points)

    def delete(self, name, body):
        self.need(name)
        return self.client.delete(name, points_selector=TypeAdapter(models.PointsSelector).validate_python(body))

    def query(self, name, body):
        self.need(name)
        request = models.QueryRequest.model_validate(body)
        return self.client.query_points(
            name,
            query=request.query,
            using=request.using,
            prefetch=request.prefetch,
            query_filter=request.filter,
            limit=request.limit or 10,
            offset=request.offset,
            with_payload=True if request.with_payload is None else request.with_payload,
            with_vectors=False if request.with_vector is None else request.with_vector,
            score_threshold=request.score_threshold,
        )

    def scroll(self, name, body):
        self.need(name)
        request = models.ScrollRequest.model_validate(body)
        points, after = self.client.scroll(
            name,
            scroll_filter=request.filter,
            limit=request.limit or 10,
            offset=request.offset,
            order_by=request.order_by,
            with_payload=True if request.with_payload is None else request.with_payload,
            with_vectors=False if request.with_vector is None else request.with_vector,
        )
        return {"points": points, "next_page_offset": after}

    def count(self, name, body):
        self.need(name)
        request = models.CountRequest.model_validate(body)
        return self.client.count(name, count_filter=request.filter, exact=True)


ROUTES = [
    ("GET", r"/collections/([^/]+)/exists", Bridge.exists),
    ("GET", r"/collections/([^/]+)", Bridge.info),
    ("PUT", r"/collections/([^/]+)", Bridge.create),
    ("DELETE", r"/collections/([^/]+)", Bridge.drop),
    ("PUT", r"/collections/([^/]+)/index", Bridge.index),
    ("PUT", r"/collections/([^/]+)/points", Bridge.upsert),
    ("POST", r"/collections/([^/]+)/points/delete", Bridge.delete),
    ("POST", r"/collections/([^/]+)/points/query", Bridge.query),
    ("POST", r"/collections/([^/]+)/points/scroll", Bridge.scroll),
    ("POST", r"/collections/([^/]+)/points/count", Bridge.count),
]


def plain(value):
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bridge = None

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def serve(self, method):
        started = time.monotonic()
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length) if length else b""
        url = urlsplit(self.path)
        if self.api_key is not None and self.headers.get("api-key") != self.api_key:
            return self.error(401, "Invalid API key or JWT")
        if method == "GET" and url.path == "/":
            return self.answer(200, {"title": "bridge to qdrant-client local mode", "version": "1.16.0"})
        if method == "GET" and url.path == "/bridge/calls":
            return self.answer(200, self.bridge.calls)
        for verb, pattern, handler in ROUTES:
            match = re.fullmatch(pattern, url.path)
            if verb != method or not match:
                continue
            unknown = set(parse_qs(url.query)) - ALLOWED_QUERY
            if unknown:
                return self.error(400, f"Unknown query parameters: {sorted(unknown)}")
            try:
                with self.bridge.lock:
                    result = plain(handler(self.bridge, unquote(match.group(1)), json.loads(raw) if raw else None))
                    self.bridge.calls[handler.__name__] = self.bridge.calls.get(handler.__name__, 0) + 1
            except NotFound as error:
                return self.error(404, str(error))
            except (ValidationError, ValueError, AssertionError, KeyError) as error:
                return self.error(400, f"{type(error).__name__}: {error}")
            return self.answer(200, {"result": result, "status": "ok", "time": time.monotonic() - started})
        return self.error(404, f"The bridge does not serve {method} {url.path}")

    def error(self, status, message):
        self.answer(status, {"status": {"error": message}, "time": 0})

    def do_GET(self):
        self.serve("GET")

    def do_PUT(self):
        self.serve("PUT")

    def do_POST(self):
        self.serve("POST")

    def do_DELETE(self):
        self.serve("DELETE")

    def log_message(self, *_args):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key")
    parser.add_argument("--engine", action="store_true")
    arguments = parser.parse_args()
    Handler.bridge = Bridge(arguments.path, arguments.engine)
    Handler.api_key = arguments.api_key
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler)
    server.daemon_threads = True
    print(f"listening {server.server_address[1]}", flush=True)
    server.serve_forever()


main()
