"""HTTP, one file per resource.

routes      the one table of routes
guard       who may call: hosts, origins, owners, tiers
problems    the only place that knows status numbers and close codes
middleware  request ids, logging, CORS, errors
sessions audio stream history export service docs     the resources
sse         a stream's bytes on the wire
openapi     the document made from the table and the models
"""
