-- SPDX-License-Identifier: MIT
-- serve.lua: what wrk sends: FASTA records of 250 bases, all different, one a request. Arguments: a seed, how many.
local bodies, at = {}, 0

function init(args)
  math.randomseed(tonumber(args[1]))
  for i = 1, tonumber(args[2]) do
    local letters = {}
    for j = 1, 250 do
      local base = math.random(4)
      letters[j] = ("ACGT"):sub(base, base)
    end
    bodies[i] = wrk.format("POST", "/predict", nil, ">r" .. i .. "\n" .. table.concat(letters) .. "\n")
  end
end

function request()
  at = at % #bodies + 1
  return bodies[at]
end

function done(summary, latency, requests)
  local e = summary.errors
  print(string.format("figures %d %.9g %.9g %.9g %d", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
