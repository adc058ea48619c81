-- Sends a random line of the file HEADERS as a header, with each request.
local lines = {}
for line in io.lines(os.getenv("HEADERS")) do
  lines[#lines + 1] = { line:match("^(.-): (.*)$") }
end
math.randomseed(os.time())
request = function()
  local line = lines[math.random(#lines)]
  return wrk.format(nil, nil, { [line[1]] = line[2], Host = "127.0.0.1" })
end
