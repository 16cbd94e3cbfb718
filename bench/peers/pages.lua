-- The pages from nginx with Lua, put together by hand. The marks stand for
-- the text of the pages, which bench/peers.py fills in.

local concat, find, gsub, sort = table.concat, string.find, string.gsub,
                                 table.sort
local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
                   ['"'] = "&#34;", ["'"] = "&#39;" }
local countries, rows, fortunes = @DATA@

local function escape(text)
    if find(text, "[&<>\"']") then
        return (gsub(text, "[&<>\"']", entities))
    end
    return text
end

local function w1(message)
    local out, n = { @W1.0@, escape(message), @W1.1@ }, 3
    for i = 1, #countries do
        local c = countries[i]
        out[n + 1] = c == "Ireland" and "\n              <option selected>"
                                    or "\n              <option>"
        out[n + 2] = escape(c)
        out[n + 3] = "</option>"
        n = n + 3
    end
    out[n + 1] = @W1.2@
    return concat(out)
end

local function w2(message)
    local out, n = { @W2.0@, escape(message), @W2.1@ }, 3
    for i = 1, #rows do
        local row = rows[i]
        n = n + 1
        out[n] = "\n<tr>"
        for j = 1, #row do
            local cell = row[j]
            out[n + 1] = "<td>"
            out[n + 2] = type(cell) == "string" and escape(cell) or cell
            out[n + 3] = "</td>"
            n = n + 3
        end
        n = n + 1
        out[n] = "</tr>"
    end
    out[n + 1] = @W2.2@
    return concat(out)
end

local function w3(message)
    local list = { { 0, message } }
    for i = 1, #fortunes do
        list[i + 1] = fortunes[i]
    end
    sort(list, function(a, b) return a[2] < b[2] end)
    local out, n = { @W3.0@ }, 1
    for i = 1, #list do
        out[n + 1] = "<tr><td>"
        out[n + 2] = list[i][1]
        out[n + 3] = "</td><td>"
        out[n + 4] = escape(list[i][2])
        out[n + 5] = "</td></tr>\n"
        n = n + 5
    end
    out[n + 1] = @W3.1@
    return concat(out)
end

return { w1 = w1, w2 = w2, w3 = w3 }
