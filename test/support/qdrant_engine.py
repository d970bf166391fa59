"""Qdrant's own engine (PyPI `qdrant-edge-py`: the server's shard, in this process) behind the calls of `qdrant_client` that the bridge makes.

Unlike local mode it has payload indexes, tenants as index, and approximate search; a collection is one shard, without a server's replicas.
"""

import os
import tempfile

import qdrant_edge as edge
from qdrant_client.http import models


def condition(given):
    match = given.match
    if isinstance(match, models.MatchAny):
        return edge.FieldCondition(given.key, match=edge.MatchAny(list(match.any)))
    if isinstance(match, models.MatchValue):
        return edge.FieldCondition(given.key, match=edge.MatchValue(match.value))
    raise ValueError(f"the engine is not asked for {type(match).__name__}")


def several(given):
    return [condition(one) for one in (given if isinstance(given, list) else [given])] if given else []


def filter_of(given):
    return None if given is None else edge.Filter(must=several(given.must), must_not=several(given.must_not))


def vector_of(given):
    return edge.SparseVector(given.indices, given.values) if isinstance(given, models.SparseVector) else given


def prefetch_of(given):
    query = edge.Query.Nearest(vector_of(given.query), using=given.using)
    return edge.Prefetch(given.limit, query=query, filter=filter_of(given.filter))


class Engine:
    def __init__(self, path):
        self.root = path or tempfile.mkdtemp(prefix="qdrant-engine-")
        self.shards = {}
        self.made = {}
        # those whose newest points are in no graph yet
        self.unoptimized = set()

    def collection_exists(self, name):
        return name in self.shards

    def create_collection(self, name, vectors_config, sparse_vectors_config):
        folder = os.path.join(self.root, name)
        os.makedirs(folder)
        distance = {"Cosine": edge.Distance.Cosine, "Dot": edge.Distance.Dot}
        config = edge.EdgeConfig(
            vectors={key: edge.EdgeVectorParams(one.size, distance[one.distance.value]) for key, one in vectors_config.items()},
            sparse_vectors={key: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf) for key in sparse_vectors_config},
            # as approximate as it gets: a graph from the first point on
            hnsw_config=edge.HnswIndexConfig(16, 100, 1),
            optimizers=edge.EdgeOptimizersConfig(indexing_threshold=1),
        )
        self.shards[name] = edge.EdgeShard.create(folder, config)
        self.made[name] = {"vectors": vectors_config, "sparse_vectors": sparse_vectors_config}
        return True

    def delete_collection(self, name):
        return self.shards.pop(name, None) is not None

    def get_collection(self, name):
        info = self.shards[name].info()
        return {
            "status": "green",
            "points_count": info.points_count,
            "config": {"params": self.made[name]},
            "payload_schema": {key: {"data_type": "keyword", "points": one.points} for key, one in info.payload_schema.items()},
        }

    def create_payload_index(self, name, field_name, field_schema):
        is_tenant = getattr(field_schema, "is_tenant", None)
        schema = edge.KeywordIndexParams(is_tenant=True) if is_tenant else edge.PayloadSchemaType.Keyword
        self.shards[name].update(edge.UpdateOperation.create_field_index(field_name, schema))
        return {"operation_id": 0, "status": "completed"}

    def upsert(self, name, points):
        made = [edge.Point(one.id, {key: vector_of(value) for key, value in one.vector.items()}, one.payload) for one in points]
        self.shards[name].update(edge.UpdateOperation.upsert_points(made))
        self.unoptimized.add(name)
        return {"operation_id": 0, "status": "completed"}

    def delete(self, name, points_selector):
        self.shards[name].update(edge.UpdateOperation.delete_points(list(points_selector.points)))
        return {"operation_id": 0, "status": "completed"}

    def query_points(self, name, query, using, prefetch, query_filter, limit, offset, with_payload, with_vectors, score_threshold):
        if not isinstance(query, models.FusionQuery) or query.fusion != models.Fusion.RRF or using or offset or score_threshold:
            raise ValueError("the engine is asked for fusion by reciprocal rank alone")
        if name in self.unoptimized:
            self.unoptimized.discard(name)
            self.shards[name].optimize()
        request = edge.QueryRequest(
            limit,
            # the server's constant
            query=edge.Fusion.Rrf(2),
            prefetches=[prefetch_of(one) for one in prefetch],
            filter=filter_of(query_filter),
            with_payload=with_payload,
            with_vector=bool(with_vectors),
        )
        return {"points": [self.point(one, score=one.score) for one in self.shards[name].query(request)]}

    def scroll(self, name, scroll_filter, limit, offset, order_by, with_payload, with_vectors):
        request = edge.ScrollRequest(offset=offset, limit=limit, filter=filter_of(scroll_filter), with_payload=with_payload)
        points, after = self.shards[name].scroll(request)
        return [self.point(one) for one in points], None if after is None else str(after)

    def count(self, name, count_filter, exact):
        return {"count": self.shards[name].count(edge.CountRequest(exact=exact, filter=filter_of(count_filter)))}

    @staticmethod
    def point(one, **more):
        vector = one.vector if isinstance(one.vector, dict) else {}
        dense = {key: value for key, value in vector.items() if isinstance(value, list)}
        return {"id": str(one.id), "version": 0, "payload": one.payload, "vector": dense, **more}
