package extauthz

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// window is how much of answers may be under way on a connection.
const window = 1 << 30

// conn is a connection of gRPC that asks the same questions again and again. It
// does what a client must and no more, because it takes of the same processors
// as the server. What is asked and answered goes through one writer and one
// reader.
type conn struct {
	net       net.Conn
	in        *bufio.Reader
	framer    *http2.Framer
	decoder   *hpack.Decoder
	questions [][]byte
	// answered is told of each answer, by the goroutine that reads, with mu held.
	answered func(took time.Duration)

	mu      sync.Mutex
	out     *bufio.Writer
	heads   [2][]byte // the header of the first question, and of all others
	next    uint32
	asked   map[uint32]time.Time
	waiting []time.Time // for the server to take more
	room    int64       // bytes that the server takes
	streams int         // questions that the server takes at a time
	failed  string      // of the answer that is read
}

// dial connects to a network's address.
func dial(ctx context.Context, network, address string, questions [][]byte) (*conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &conn{
		net: raw, in: bufio.NewReaderSize(raw, 64<<10), out: bufio.NewWriterSize(raw, 64<<10), questions: questions,
		next: 1, asked: map[uint32]time.Time{}, room: 65_535, streams: 100,
	}
	c.framer = http2.NewFramer(c.out, c.in)
	c.framer.SetReuseFrames()
	c.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == "grpc-status" && f.Value != "0" || f.Name == ":status" && f.Value != "200" {
			c.failed = f.Name + " " + f.Value
		}
	})
	var text bytes.Buffer
	encoder := hpack.NewEncoder(&text)
	for i := range c.heads {
		text.Reset()
		for _, f := range [][2]string{
			{":method", "POST"}, {":scheme", "http"}, {":path", "/envoy.service.auth.v3.Authorization/Check"}, {":authority", "sallyport"},
			{"te", "trailers"}, {"grpc-timeout", "10S"}, {"content-type", "application/grpc"},
		} {
			if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
				return nil, err
			}
		}
		c.heads[i] = bytes.Clone(text.Bytes())
	}
	if _, err := c.out.WriteString(http2.ClientPreface); err != nil {
		return nil, err
	}
	return c, errors.Join(
		c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}),
		c.framer.WriteWindowUpdate(0, window), c.out.Flush(),
	)
}

// ask asks the next question, as soon as the server takes it.
func (c *conn) ask(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, now)
	return errors.Join(c.pump(), c.out.Flush())
}

// pump writes what waits and may go. c.mu is held.
func (c *conn) pump() error {
	sent := 0
	for _, since := range c.waiting {
		question := c.questions[int(c.next>>1)%len(c.questions)]
		if c.room < int64(len(question)) || len(c.asked) >= c.streams {
			break
		}
		head := c.heads[min(int(c.next>>1), 1)]
		err := c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: c.next, BlockFragment: head, EndHeaders: true})
		if err == nil {
			err = c.framer.WriteData(c.next, true, question)
		}
		if err != nil {
			return err
		}
		c.asked[c.next] = since
		c.room -= int64(len(question))
		c.next += 2
		sent++
	}
	c.waiting = append(c.waiting[:0], c.waiting[sent:]...)
	return nil
}

// read takes answers until the connection is closed. again asks the next
// question for each answer.
func (c *conn) read(again func() bool) error {
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return err
		}
		c.mu.Lock()
		err = c.take(frame, again)
		// What is answered together is asked together.
		if err == nil && c.in.Buffered() == 0 {
			err = c.out.Flush()
		}
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// take takes a frame. c.mu is held.
func (c *conn) take(frame http2.Frame, again func() bool) error {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			return nil
		}
		if most, ok := f.Value(http2.SettingMaxConcurrentStreams); ok {
			c.streams = int(most)
		}
		return c.framer.WriteSettingsAck()
	case *http2.PingFrame:
		if f.IsAck() {
			return nil
		}
		return c.framer.WritePing(true, f.Data)
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			c.room += int64(f.Increment)
		}
		return c.pump()
	case *http2.DataFrame:
		if !allowed(f.Data()) {
			return fmt.Errorf("it does not allow: %q", f.Data())
		}
		return nil
	case *http2.HeadersFrame:
		c.failed = ""
		if _, err := c.decoder.Write(f.HeaderBlockFragment()); err != nil {
			return err
		}
		if c.failed != "" || !f.HeadersEnded() {
			return errors.New("the answer fails: " + c.failed)
		}
		if !f.StreamEnded() {
			return nil
		}
		now := time.Now()
		c.answered(now.Sub(c.asked[f.StreamID]))
		delete(c.asked, f.StreamID)
		if again() {
			c.waiting = append(c.waiting, now)
		}
		return c.pump()
	case *http2.RSTStreamFrame, *http2.GoAwayFrame:
		return fmt.Errorf("the server ends it: %v", f)
	}
	return nil
}

func (c *conn) close() { _ = c.net.Close() }
