package sigv4

import (
	"crypto/sha256"
	"hash"

	"github.com/sallyport-iam/sallyport/wire"
)

// chain is the chain of signatures over chunks and trailer.
type chain struct {
	algorithm                     algorithm
	accessKeyID, timestamp, scope string
	key                           verifyingKey
	previous                      string // in hex, unpadded
	signatureLen                  int    // of what is claimed; 0: nothing is
	claimed                       string
	data                          hash.Hash         // of this chunk
	content                       [sha256.Size]byte // hash of the last chunk
	hash                          hash.Hash
	toSign, sum                   []byte
}

func newChain(v *Verified) chain {
	return chain{
		algorithm: algorithm(v.Algorithm), signatureLen: algorithm(v.Algorithm).chunkSignatureLen(),
		accessKeyID: v.AccessKeyID, timestamp: v.timestamp, scope: v.scope, key: v.key, previous: v.signature,
		data: sha256.New(), hash: sha256.New(),
		toSign: make([]byte, 0, 384), sum: make([]byte, 0, sha256.Size),
	}
}

// verify checks the claimed signature of a chunk or of the trailer and makes
// it the previous one. suffix ends the first line, sum is the last one.
func (c *chain) verify(suffix string, emptyLine bool, sum []byte) *wire.Refusal {
	c.toSign = appendChunkToSign(c.toSign[:0], c.algorithm, suffix, c.timestamp, c.scope, c.previous, emptyLine, sum)
	signature := c.algorithm.unpadded(c.claimed)
	if len(c.claimed) != c.signatureLen || !c.key.verifies(signature, c.toSign, c.hash, c.sum) {
		return errSignature(c.accessKeyID, c.claimed, c.toSign, nil)
	}
	c.previous = signature
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
