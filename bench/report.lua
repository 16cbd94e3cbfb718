-- What Load in common.py reads from wrk. Only done() is defined, so that
-- nothing runs for each request.

function done(summary, latency, requests)
    local e = summary.errors

    io.write(string.format(
        "report requests=%d microseconds=%d bytes=%d errors=%d\n",
        summary.requests, summary.duration, summary.bytes,
        e.connect + e.read + e.write + e.status + e.timeout))
end
