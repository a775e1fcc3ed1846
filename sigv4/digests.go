package sigv4

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

// digests are the promises about the decoded bytes of a body: its SHA-256, its
// Content-MD5 and one additional checksum.
type digests struct {
	payload string // as sent; "" if no hash was promised
	sha256  hash.Hash
	md5     hash.Hash
	wantMD5 []byte
	sum     *checksum
}

// readDigests reads the promises of the header. object tells that a checksum
// field speaks of the body; on CompleteMultipartUpload it speaks of the object.
func (d *digests) readDigests(fields wire.Fields, object bool) *wire.Refusal {
	if value, sent := fields.Lookup("content-md5"); sent {
		raw, err := base64.StdEncoding.Strict().DecodeString(value)
		if err != nil || len(raw) != md5.Size {
			return errDigestValue(value)
		}
		d.md5, d.wantMD5 = md5.New(), raw
	}
	if !object {
		return nil
	}
	found := ""
	for i := range fields {
		name := fields[i].Name
		if !isChecksumField(name) {
			continue
		}
		if found != "" {
			return errManyChecksums()
		}
		found = name
		algorithm := checksumOf(name)
		if algorithm == nil {
			// One that only the store knows: it goes on with the body.
			continue
		}
		d.sum = &checksum{algorithm: algorithm, hash: algorithm.new()}
		if !d.sum.expect(fields[i].Value) {
			return errChecksumValue(name, false)
		}
	}
	return nil
}

// promisedTrailer reads x-amz-trailer: at most one checksum.
func (d *digests) promisedTrailer(fields wire.Fields, mode payloadMode) (*checksum, *wire.Refusal) {
	value, sent := fields.Lookup("x-amz-trailer")
	if !sent {
		return nil, nil
	}
	if strings.Contains(value, ",") && strings.Contains(value, checksumPrefix) {
		return nil, errManyChecksums()
	}
	algorithm := checksumOf(strings.ToLower(trimBlanks(value)))
	if algorithm == nil || mode == payloadSignedChunks {
		return nil, errTrailerName()
	}
	for i := range fields {
		if isChecksumField(fields[i].Name) {
			return nil, errManyChecksums()
		}
	}
	d.sum = &checksum{algorithm: algorithm, hash: algorithm.new()}
	return d.sum, nil
}

// promisePayload promises the body's SHA-256 in hex.
func (d *digests) promisePayload(payload string) { d.payload, d.sha256 = payload, sha256.New() }

// write adds decoded bytes.
func (d *digests) write(p []byte) {
	if d.sha256 != nil {
		d.sha256.Write(p)
	}
	if d.md5 != nil {
		d.md5.Write(p)
	}
	if d.sum != nil {
		d.sum.hash.Write(p)
	}
}

// verdict compares all promises with what came.
func (d *digests) verdict() *wire.Refusal {
	if d.sha256 != nil {
		var want [sha256.Size]byte
		if _, err := hex.Decode(want[:], []byte(d.payload)); err != nil {
			return errContentSHA256(d.payload)
		}
		if got := d.sha256.Sum(nil); subtle.ConstantTimeCompare(got, want[:]) != 1 {
			return errPayloadHash(d.payload, hex.EncodeToString(got))
		}
	}
	if d.md5 != nil {
		if got := d.md5.Sum(nil); subtle.ConstantTimeCompare(got, d.wantMD5) != 1 {
			return errDigestMismatch(base64.StdEncoding.EncodeToString(d.wantMD5), base64.StdEncoding.EncodeToString(got))
		}
	}
	if d.sum != nil && subtle.ConstantTimeCompare(d.sum.hash.Sum(nil), d.sum.want) != 1 {
		return errChecksumMismatch(d.sum.algorithm)
	}
	return nil
}
