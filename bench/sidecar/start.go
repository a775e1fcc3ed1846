package sidecar

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bench/arrivals"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

const (
	// readyWithin is how long a process may take until it is ready.
	readyWithin = time.Minute
	// between is the time between two questions whether it is.
	between = 500 * time.Microsecond
)

// program is one that is started again and again.
type program struct {
	name string
	// spec says how, with an address for clients and one for operators.
	spec func(listen, admin string) process.Spec
	// ready tells whether it is, by either address.
	ready func(listen, admin string) bool
	// metrics tells whether it has some.
	metrics bool
}

// own is Sallyport at a site, before a store that nobody asks.
func own(binary string, site *sallyport.Site) program {
	return program{
		name: "Sallyport",
		spec: func(listen, admin string) process.Spec {
			return process.Spec{
				Path: binary, Args: []string{"serve", "--config", site.Path("sallyport.yaml")}, Dir: site.Directory,
				Env: []string{
					"HOME=" + site.Directory, "SALLYPORT_LISTEN=" + listen, "SALLYPORT_ADMIN_LISTEN=" + admin, "STORE_ENDPOINT=http://" + nobody,
					"STORE_ACCESS_KEY_ID=" + fleet.StoreKey.AccessKeyID, "STORE_SECRET_ACCESS_KEY=" + fleet.StoreKey.SecretAccessKey,
				},
			}
		},
		ready: func(_, admin string) bool {
			status, _, err := get(admin, "/readyz")
			return err == nil && status == http.StatusOK
		},
		metrics: true,
	}
}

// nobody listens there.
const nobody = "127.0.0.1:1"

// bare is the floor: a proxy of Go's library, which reads nothing first. It is
// ready when it accepts connections.
func bare(binary string) program {
	return program{
		name: "bare `ReverseProxy`",
		spec: func(listen, _ string) process.Spec {
			return process.Spec{Path: binary, Args: []string{"-listen", listen, "-to", "http://" + nobody}, Dir: filepath.Dir(binary), Env: []string{"HOME=" + os.TempDir()}}
		},
		ready: func(listen, _ string) bool {
			conn, err := net.Dial("tcp", listen)
			return err == nil && conn.Close() == nil
		},
	}
}

// started is what was seen of one start.
type started struct {
	// ready is the time from its start until it was ready.
	ready time.Duration
	// resident is its memory when it had been idle for a while, heap what of it is
	// used or not collected yet; in bytes.
	resident, heap int64
}

// start starts a program, lets it be idle, and ends it.
func start(ctx context.Context, p program, idle time.Duration) (started, error) {
	listen, err := process.FreeAddress()
	if err != nil {
		return started{}, err
	}
	admin, err := process.FreeAddress()
	if err != nil {
		return started{}, err
	}
	begin := time.Now()
	running, err := process.Start(p.spec(listen, admin))
	if err != nil {
		return started{}, err
	}
	defer running.Kill()
	for !p.ready(listen, admin) {
		select {
		case <-ctx.Done():
			return started{}, ctx.Err()
		case <-running.Done():
			return started{}, fmt.Errorf("%s ended: %s", p.name, running.Ending())
		case <-time.After(between):
		}
		if time.Since(begin) > readyWithin {
			return started{}, fmt.Errorf("%s is not ready after %s: %s", p.name, readyWithin, running.Tail())
		}
	}
	s := started{ready: time.Since(begin)}
	select {
	case <-ctx.Done():
		return started{}, ctx.Err()
	case <-time.After(idle):
	}
	if s.resident = fleet.Resident(running.PID()); s.resident == 0 {
		return started{}, fmt.Errorf("the system does not tell how much memory %s takes", p.name)
	}
	if p.metrics {
		s.heap, err = heap(admin)
	}
	return s, err
}

// clients is how many saturate.
const clients = 32

// afterLoad is the resident memory in bytes of Sallyport that was saturated with
// reads, and is idle again.
func afterLoad(ctx context.Context, f *fleet.Fleet, binary string, idle time.Duration) (int64, error) {
	static, err := f.Static(ctx)
	if err != nil {
		return 0, err
	}
	own, err := f.Deploy(ctx, fleet.Deployment{Name: "loaded", Upstream: static.Addresses[0], Users: 1, Binary: binary})
	if err != nil {
		return 0, err
	}
	head, err := fleet.Sign(fleet.Request{Method: http.MethodGet, Path: fleet.Home(0) + "object", Hash: fleet.EmptyHash},
		own.Address, fleet.User(0), time.Now())
	if err != nil {
		return 0, err
	}
	load := arrivals.Load{Address: own.Address, Requests: [][]byte{head}}
	if _, err := load.Saturate(ctx, clients, 2*time.Second); err != nil {
		return 0, err
	}
	time.Sleep(idle)
	return fleet.Resident(own.PID()), nil
}

// heap is what the process tells of its heap.
func heap(admin string) (int64, error) {
	_, text, err := get(admin, "/metrics")
	if err != nil {
		return 0, err
	}
	const name = "go_memstats_heap_alloc_bytes "
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name); ok {
			bytes, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int64(bytes), err
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}

// get asks over a connection of its own: one that is kept would be tried again
// after it was refused.
func get(address, path string) (int, string, error) {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(readyWithin)); err != nil {
		return 0, "", err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address); err != nil {
		return 0, "", err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}
