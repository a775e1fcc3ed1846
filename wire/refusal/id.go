package refusal

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
)

// idAlphabet are digits and capitals without those that are misread.
const idAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewRequestID makes an id as S3's are: 16 digits and capitals. Ids are unique,
// not secret: they come from the runtime's generator, ChaCha8 with a random
// seed, which takes no lock and no system call.
func NewRequestID() string {
	var id [16]byte
	high, low := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		id[i] = idAlphabet[high>>(8*i)&31]
		id[8+i] = idAlphabet[low>>(8*i)&31]
	}
	return string(id[:])
}

// NewHostID makes an id of a host as S3's are: base64.
func NewHostID() string {
	var raw [32]byte
	for i := 0; i < len(raw); i += 8 {
		binary.LittleEndian.PutUint64(raw[i:], rand.Uint64())
	}
	return base64.StdEncoding.EncodeToString(raw[:])
}

// processHostID tells apart, in the answers a client keeps, which process of
// several behind one address answered.
var processHostID = NewHostID()
