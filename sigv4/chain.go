package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"hash"

	"github.com/sallyport-iam/sallyport/wire"
)

// chain is the chain of signatures over chunks and trailer.
type chain struct {
	accessKeyID, timestamp, scope string
	key                           *signingKey
	previous                      [2 * sha256.Size]byte // in hex
	claimed                       string
	data                          hash.Hash         // of this chunk
	content                       [sha256.Size]byte // hash of the last chunk
	hash                          hash.Hash
	toSign, sum                   []byte
}

func newChain(v *Verified) chain {
	c := chain{
		accessKeyID: v.AccessKeyID, timestamp: v.timestamp, scope: v.scope, key: v.key,
		data: sha256.New(), hash: sha256.New(),
		toSign: make([]byte, 0, 384), sum: make([]byte, 0, sha256.Size),
	}
	copy(c.previous[:], v.signature)
	return c
}

// verify checks the claimed signature of a chunk or of the trailer and makes
// it the previous one. suffix ends the first line, sum is the last one.
func (c *chain) verify(suffix string, emptyLine bool, sum []byte) *wire.Refusal {
	c.toSign = appendChunkToSign(c.toSign[:0], string(hmacSHA256), suffix, c.timestamp, c.scope, c.previous[:], emptyLine, sum)
	claimed, wellFormed := decodeSignature(c.claimed)
	c.sum = c.key.sum(c.hash, c.toSign, c.sum)
	if subtle.ConstantTimeCompare(c.sum, claimed[:]) != 1 || !wellFormed {
		return errSignature(c.accessKeyID, c.claimed, c.toSign, nil)
	}
	appendHex(c.previous[:0], c.sum)
	return nil
}

func (c *chain) verifyChunk() *wire.Refusal {
	c.data.Sum(c.content[:0])
	c.data.Reset()
	return c.verify("-PAYLOAD", true, c.content[:])
}

func (c *chain) verifyTrailer(text string) *wire.Refusal {
	c.data.Reset()
	c.data.Write([]byte(text))
	return c.verify("-TRAILER", false, c.data.Sum(c.sum[:0]))
}
