wrk.method = "POST"
wrk.headers["Content-Type"] = "application/vnd.kafka.json.v2+json"
wrk.body = '{"records":[{"value":{"index":7528,"title":"' .. string.rep("a title ", 40) .. '","description":"' .. string.rep("words ", 55) .. '","follower_count":"12k"}}]}'
wrk.path = "/topics/bench"
