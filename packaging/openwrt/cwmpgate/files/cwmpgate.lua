-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Collector of prometheus-node-exporter-lua: the numbers cwmpgated writes every
-- 15 s (cwmpgate.conf(5), metrics_file), each with the type it has there.

local FILE = "/var/run/cwmpgate/metrics.prom"

-- name{a="b",c="d"} becomes a table; values hold no quotes.
local function labels_of(text)
  local labels = {}
  for name, value in (text or ""):gmatch('([%w_]+)="([^"]*)"') do
    labels[name] = value
  end
  return labels
end

local function scrape()
  local file = io.open(FILE)
  if not file then
    metric("cwmpgate_up", "gauge", nil, 0)
    return
  end
  local put = {}
  for line in file:lines() do
    local name, kind = line:match("^# TYPE ([%w_:]+) (%w+)$")
    if name then
      put[name] = metric(name, kind)
    else
      local labels, value
      name, labels, value = line:match("^([%w_:]+)(%b{}) (%S+)$")
      if not name then
        name, value = line:match("^([%w_:]+) (%S+)$")
      end
      if put[name] then
        put[name](labels_of(labels), tonumber(value))
      end
    end
  end
  file:close()
end

return { scrape = scrape }
