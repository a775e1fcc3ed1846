package extauthz_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// goodbye speaks HTTP/2 with a door until it says goodbye, and tells why it did.
func goodbye(t *testing.T, w *world, ping bool) http2.ErrCode {
	t.Helper()
	conn, err := net.Dial("tcp", w.extauthz.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	if ping {
		for range 10 { // what comes after the goodbye may not be taken any more
			_ = framer.WritePing(false, [8]byte{})
		}
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("no goodbye: %v", err)
		}
		if goaway, ok := frame.(*http2.GoAwayFrame); ok {
			return goaway.ErrCode
		}
	}
}

// TestConnectionAge: a connection that has grown old is ended in peace, so that
// Envoy makes another, maybe to another replica.
func TestConnectionAge(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *setting) { s.extauthz.MaxConnectionAge = time.Millisecond })
	if code := goodbye(t, w, false); code != http2.ErrCodeNo {
		t.Errorf("ended as %v", code)
	}
}

// TestPings: who asks all the time whether the door is there is sent away.
func TestPings(t *testing.T) {
	t.Parallel()
	if code := goodbye(t, open(t, nil), true); code != http2.ErrCodeEnhanceYourCalm {
		t.Errorf("ended as %v", code)
	}
}
