wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-amz-json-1.1"
wrk.headers["X-Amz-Target"] = "Kinesis_20131202.PutRecord"
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
wrk.headers["X-Amz-Date"] = "20260101T000000Z"
local data = string.rep("QUJD", 342)
local n = 0
request = function()
   n = n + 1
   return wrk.format(nil, "/", nil, '{"StreamName":"streaming-0a1b2c3d4e5f-pin","PartitionKey":"' .. n .. '","Data":"' .. data .. '"}')
end
