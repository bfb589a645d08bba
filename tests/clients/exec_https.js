// Node's own https against a hard-coded address. Nothing in it knows weirbox.
const https = require("https");
const body = JSON.stringify({ StreamName: "streaming-000000000001-pin", Data: { a: 1 }, PartitionKey: "p" });
const options = { host: "b1c2d3e4f5.execute-api.us-east-1.amazonaws.com", method: "PUT",
                  path: "/test/streams/streaming-000000000001-pin/record", headers: { "Content-Type": "application/json" } };
const request = https.request(options, (answer) => {
    answer.on("data", () => {});
    answer.on("end", () => process.exit(answer.statusCode === 200 ? 0 : 1));
});
request.on("error", (e) => { console.error(e); process.exit(1); });
request.end(body);
