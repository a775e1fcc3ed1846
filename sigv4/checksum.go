package sigv4

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
)

const checksumPrefix = "x-amz-checksum-"

// checksumAlgorithm is an additional checksum of Amazon S3 that is verified
// here.
type checksumAlgorithm struct {
	field string // the field or trailer that carries the value
	label string // as errors name it
	size  int
	new   func() hash.Hash
}

// encodedLen is the length of a value in base64.
func (a *checksumAlgorithm) encodedLen() int { return base64.StdEncoding.EncodedLen(a.size) }

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// nvme is CRC-64/NVME in reversed bit order.
	nvme = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

var checksumAlgorithms = []checksumAlgorithm{
	{checksumPrefix + "crc32", "CRC32", crc32.Size, func() hash.Hash { return crc32.NewIEEE() }},
	{checksumPrefix + "crc32c", "CRC32C", crc32.Size, func() hash.Hash { return crc32.New(castagnoli) }},
	{checksumPrefix + "crc64nvme", "CRC64NVME", crc64.Size, func() hash.Hash { return crc64.New(nvme) }},
	{checksumPrefix + "sha1", "SHA1", sha1.Size, sha1.New},
	{checksumPrefix + "sha256", "SHA256", sha256.Size, sha256.New},
	{checksumPrefix + "sha512", "SHA512", sha512.Size, sha512.New},
	{checksumPrefix + "md5", "MD5", md5.Size, md5.New},
}

// checksumOf finds the algorithm whose value a field or trailer carries.
func checksumOf(field string) *checksumAlgorithm {
	for i := range checksumAlgorithms {
		if checksumAlgorithms[i].field == field {
			return &checksumAlgorithms[i]
		}
	}
	return nil
}

// isChecksumField tells a checksum from the fields that speak of checksums.
func isChecksumField(name string) bool {
	if !strings.HasPrefix(name, checksumPrefix) {
		return false
	}
	switch name[len(checksumPrefix):] {
	case "algorithm", "mode", "type":
		return false
	}
	return true
}

// checksum is a running checksum with the value it must have.
type checksum struct {
	algorithm *checksumAlgorithm
	hash      hash.Hash
	want      []byte
}

// expect sets the value in base64; ok is false if it is none of the algorithm.
func (c *checksum) expect(value string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(value)
	c.want = raw
	return err == nil && len(raw) == c.algorithm.size
}

func errChecksumValue(field string, trailing bool) *wire.Refusal {
	kind := " header is invalid."
	if trailing {
		kind = " trailing header is invalid."
	}
	return refuse(400, "InvalidRequest", "Value for "+field+kind)
}

func errChecksumMismatch(a *checksumAlgorithm) *wire.Refusal {
	return refuse(400, "BadDigest", "The "+a.label+" you specified did not match the calculated checksum.")
}

func errManyChecksums() *wire.Refusal {
	return refuse(400, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

func errTrailerName() *wire.Refusal {
	return refuse(400, "InvalidRequest", "The value specified in the x-amz-trailer header is not supported")
}

func errDigestValue(value string) *wire.Refusal {
	return refuse(400, "InvalidDigest", "The Content-MD5 you specified was invalid.", element("Content-MD5", value))
}

func errDigestMismatch(expected, calculated string) *wire.Refusal {
	return refuse(400, "BadDigest", "The Content-MD5 you specified did not match what we received.",
		element("ExpectedDigest", expected), element("CalculatedDigest", calculated))
}
