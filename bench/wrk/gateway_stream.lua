wrk.method = "PUT"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"StreamName":"streaming-0a1b2c3d4e5f-pin","Data":{"index":7528,"title":"' .. string.rep("a title ", 40) .. '","description":"' .. string.rep("words ", 55) .. '","follower_count":"12k"},"PartitionKey":"partition-1"}'
wrk.path = "/test/streams/streaming-0a1b2c3d4e5f-pin/record"
