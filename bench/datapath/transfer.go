package datapath

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"time"
)

// block is what large objects are made of, and the piece in which they are sent
// and read.
var block = bytes.Repeat([]byte("0123456789abcdef"), 256<<10/16)

// hashOf is the SHA-256 of an object of some size, a multiple of the block.
func hashOf(size int64) string {
	h := sha256.New()
	for range size / int64(len(block)) {
		h.Write(block)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// transfer sends a request over a connection of its own, with a body for PUT, and
// reads the answer to its end. It tells how long that took. sum, if there is one,
// takes what the answer holds.
func transfer(ctx context.Context, address, method string, head []byte, size int64, sum hash.Hash) (time.Duration, error) {
	start := time.Now()
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(start.Add(5 * time.Minute)); err != nil {
		return 0, err
	}
	if _, err := conn.Write(head); err != nil {
		return 0, err
	}
	if method == http.MethodPut {
		for range size / int64(len(block)) {
			if _, err := conn.Write(block); err != nil {
				return 0, err
			}
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return 0, fmt.Errorf("%s: %s", response.Status, text)
	}
	got, buffer := int64(0), make([]byte, len(block))
	for {
		n, err := response.Body.Read(buffer)
		got += int64(n)
		if sum != nil {
			sum.Write(buffer[:n])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	if method == http.MethodGet && got != size {
		return 0, fmt.Errorf("%d bytes of %d", got, size)
	}
	return time.Since(start), nil
}
