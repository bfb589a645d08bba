wrk.method = "PUT"
wrk.body = string.rep("x", 1024)
local n = 0
request = function()
   n = n + 1
   return wrk.format(nil, "/user-0a1b2c3d4e5f-bucket/bench/" .. n)
end
