// The pages from fasthttp with quicktemplate:
//
//     go-server PORT FOLDER    FOLDER holds the data as JSON
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"sort"

	"github.com/valyala/fasthttp"
)

type Fortune struct {
	Id      int    `json:"id"`
	Message string `json:"message"`
}

var (
	countries []string
	rows      [][]interface{}
	fortunes  []Fortune
)

func load(name string, value interface{}) {
	text, err := os.ReadFile(filepath.Join(os.Args[2], name+".json"))
	if err == nil {
		err = json.Unmarshal(text, value)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func handle(ctx *fasthttp.RequestCtx) {
	message := string(ctx.QueryArgs().Peek("m"))
	ctx.SetContentType("text/html; charset=utf-8")

	switch string(ctx.Path()) {
	case "/w1":
		WriteW1(ctx, message, countries)
	case "/w2":
		WriteW2(ctx, message, rows)
	case "/w3":
		list := make([]Fortune, 0, len(fortunes)+1)
		list = append(append(list, fortunes...), Fortune{0, message})
		sort.Slice(list, func(i, j int) bool {
			return list[i].Message < list[j].Message
		})
		WriteW3(ctx, list)
	default:
		ctx.NotFound()
	}
}

func main() {
	load("countries", &countries)
	load("rows", &rows)
	load("fortunes", &fortunes)

	// JSON has no integers, the table does
	for _, row := range rows {
		for i, cell := range row {
			if n, ok := cell.(float64); ok {
				row[i] = int(n)
			}
		}
	}

	log.Fatal(fasthttp.ListenAndServe("127.0.0.1:"+os.Args[1],
		fasthttp.CompressHandlerLevel(handle, 6)))
}
