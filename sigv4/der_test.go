package sigv4_test

import (
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	mathbig "math/big"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// integer is a number as an ASN.1 integer, with more zeros in front than
// belong there.
func integer(n *mathbig.Int, zeros int) string {
	b := string(n.Bytes())
	if b == "" || b[0] >= 0x80 {
		b = "\x00" + b
	}
	b = strings.Repeat("\x00", zeros) + b
	return "\x02" + string([]byte{byte(len(b))}) + b
}

func sequence(parts ...string) string {
	b := strings.Join(parts, "")
	return "\x30" + string([]byte{byte(len(b))}) + b
}

// TestSignaturesV4A: a signature has one spelling.
func TestSignaturesV4A(t *testing.T) {
	t.Parallel()
	n := elliptic.P256().Params().N
	verifier := sigv4.NewVerifier(sigv4.Options{})
	// Both numbers need a zero in front, so that it can be left out.
	var r, s *mathbig.Int
	var req *wire.Request
	for i := 0; r == nil || r.BitLen() < 256 || s.BitLen() < 256; i++ {
		req = requestV4A(t, "/object", "*", "x-amz-meta-a", fmt.Sprint(i))
		_, text, _ := strings.Cut(req.Fields.Get("authorization"), "Signature=")
		der, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var signature struct{ R, S *mathbig.Int }
		if _, err := asn1.Unmarshal(der, &signature); err != nil {
			t.Fatal(err)
		}
		r, s = signature.R, signature.S
	}
	raw := func(n *mathbig.Int) string { return string(n.Bytes()) }
	negative := func(n *mathbig.Int) string { return "\x02\x20" + raw(n) }
	zero := new(mathbig.Int)
	add := func(a, b *mathbig.Int) *mathbig.Int { return new(mathbig.Int).Add(a, b) }
	R, S := integer(r, 0), integer(s, 0)
	good := sequence(R, S)
	tests := []struct {
		name string
		der  string
		ok   bool
	}{
		{"canonical", good, true},
		{"the other s", sequence(R, integer(new(mathbig.Int).Sub(n, s), 0)), true},
		{"empty", "", false},
		{"empty sequence", sequence(), false},
		{"one number", sequence(R), false},
		{"three numbers", sequence(R, S, S), false},
		{"swapped", sequence(S, R), false},
		{"trailing byte", good + "\x00", false},
		{"trailing byte in the sequence", sequence(R, S, "\x00"), false},
		{"trailing null in the sequence", sequence(R, S, "\x05\x00"), false},
		{"cut", good[:len(good)-1], false},
		{"zero in front of r", sequence(integer(r, 1), S), false},
		{"zero in front of s", sequence(R, integer(s, 1)), false},
		{"negative r", sequence(negative(r), S), false},
		{"negative s", sequence(R, negative(s)), false},
		{"r is 0", sequence(integer(zero, 0), S), false},
		{"s is 0", sequence(R, integer(zero, 0)), false},
		{"both are 0", sequence(integer(zero, 0), integer(zero, 0)), false},
		{"both are 1", sequence("\x02\x01\x01", "\x02\x01\x01"), false},
		{"r without bytes", sequence("\x02\x00", S), false},
		{"r is n", sequence(integer(n, 0), S), false},
		{"s is n", sequence(R, integer(n, 0)), false},
		{"both are n", sequence(integer(n, 0), integer(n, 0)), false},
		{"r plus n", sequence(integer(add(r, n), 0), S), false},
		{"s plus n", sequence(R, integer(add(s, n), 0)), false},
		{"long form of the sequence", "\x30\x81" + good[1:], false},
		{"longer form of the sequence", "\x30\x82\x00" + good[1:], false},
		{"long form of r", sequence("\x02\x81"+R[1:], S), false},
		{"long form of s", sequence(R, "\x02\x81"+S[1:]), false},
		{"indefinite form", "\x30\x80" + good[2:] + "\x00\x00", false},
		{"a set", "\x31" + good[1:], false},
		{"a bit string", sequence("\x03"+R[1:], S), false},
		{"an enumeration", sequence("\x0a"+R[1:], S), false},
		{"long tag", "\x3f\x10" + good[1:], false},
		{"both numbers alone", R + S, false},
		{"raw numbers", raw(r) + raw(s), false},
		{"in an octet string", "\x04" + string([]byte{byte(len(good))}) + good, false},
	}
	verify := func(signature string) *wire.Refusal {
		changed := clone(req)
		before, _, _ := strings.Cut(req.Fields.Get("authorization"), "Signature=")
		changed.Fields.Set("authorization", before+"Signature="+signature)
		_, refusal := verifier.Verify(changed, s3Params(exampleNow))
		return refusal
	}
	for _, tt := range tests {
		text := hex.EncodeToString([]byte(tt.der))
		refusal := verify(text)
		switch {
		case text == "":
			expectRefusal(t, refusal, 400, "AuthorizationHeaderMalformed", "", "")
		case tt.ok && refusal != nil:
			t.Errorf("%s: %v", tt.name, refusal)
		case !tt.ok && (refusal == nil || refusal.Code != "SignatureDoesNotMatch"):
			t.Errorf("%s: %v", tt.name, refusal)
		}
	}
	text := hex.EncodeToString([]byte(good))
	for name, other := range map[string]string{
		"upper case":      strings.ToUpper(text),
		"one upper case":  strings.Replace(text, "a", "A", 1),
		"odd":             text[:len(text)-1],
		"padded":          text + "**",
		"blank in it":     text[:10] + " " + text[10:],
		"0x":              "0x" + text,
		"base64":          "MEUCIQ",
		"endless":         strings.Repeat(text, 1000),
		"HMAC's zeros":    zeroSignature,
		"padding alone":   "**",
		"full width":      strings.Replace(text, "0", "０", 1),
		"trailing zeroes": text + "00",
	} {
		if refusal := verify(other); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
			t.Errorf("%s: %v", name, refusal)
		}
	}
}
