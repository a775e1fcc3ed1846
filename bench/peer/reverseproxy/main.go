// Command reverseproxy is the floor of a proxy in Go: httputil.ReverseProxy with
// pooled buffers and connections, and nothing else.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"
)

func main() {
	listen := flag.String("listen", "", "address to listen on")
	upstream := flag.String("to", "", "URL of what stands behind")
	flag.Parse()
	if err := serve(*listen, *upstream); err != nil {
		fmt.Fprintln(os.Stderr, "reverseproxy:", err)
		os.Exit(1)
	}
}

func serve(listen, upstream string) error {
	to, err := url.Parse(upstream)
	if err != nil {
		return err
	}
	server := &http.Server{
		Addr:              listen,
		ReadHeaderTimeout: 10 * time.Second,
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				r.Out.Host = r.In.Host // it is signed
			},
			Transport: &http.Transport{
				MaxIdleConnsPerHost: 256,
				DisableCompression:  true,
				ReadBufferSize:      32 << 10,
				WriteBufferSize:     32 << 10,
			},
			BufferPool: &buffers{sync.Pool{New: func() any { return new([64 << 10]byte) }}},
		},
	}
	return server.ListenAndServe()
}

// buffers are what bodies are copied with.
type buffers struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte { return b.pool.Get().(*[64 << 10]byte)[:] }

// Put implements httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.pool.Put((*[64 << 10]byte)(buffer)) }
