// Command sink is a store that keeps nothing: it takes any body, and answers
// GET with as many bytes as the number at the end of the path says.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// block is what objects are made of.
var block = bytes.Repeat([]byte("0123456789abcdef"), 256<<10/16)

func main() {
	listen := flag.String("listen", "", "address to listen on")
	flag.Parse()
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(serve)}
	if err := server.ListenAndServe(); err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
		os.Exit(1)
	}
}

func serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		buffer := make([]byte, len(block))
		for {
			if _, err := r.Body.Read(buffer); err == io.EOF {
				return
			} else if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
		}
	}
	size, err := strconv.Atoi(r.URL.Path[strings.LastIndexByte(r.URL.Path, '-')+1:])
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	for size > 0 {
		n, err := w.Write(block[:min(size, len(block))])
		if err != nil {
			return
		}
		size -= n
	}
}
