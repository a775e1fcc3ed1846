package session

import (
	"crypto/hmac"
	"crypto/sha1" // as RFC 6238 and authenticator apps have it
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/wire"
)

// One-time codes are those of RFC 6238 with SHA-1, 30 seconds and 6 digits.
const (
	codeStep   = 30
	codeDigits = 6
	// codeWindow is how many steps the clock of a device may be off.
	codeWindow = 1
	// maxWrong wrong codes in wrongPeriod, and the device is not asked any more
	// until that is over: or all codes could be tried.
	maxWrong    = 5
	wrongPeriod = 5 * time.Minute
	// maxDevices bounds the devices that are remembered before those are forgotten
	// of which nothing needs to be known any more.
	maxDevices = 4096
)

// codes remembers which one-time codes were used. Each is good once, and no code
// is good that is older than one which was used. The zero value is ready to use.
type codes struct {
	mu      sync.Mutex
	devices map[string]*usedCodes
}

type usedCodes struct {
	// step is that of the last code that was used.
	step int64
	// wrong counts the wrong codes since first.
	wrong int
	first time.Time
}

const (
	wrongCode   = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
	wrongDevice = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
	halfOfMFA   = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. "
)

// check uses up the one-time code of a caller. shown tells that there was one, and
// that it was right.
func (k *codes) check(snap *bundle.Snapshot, caller *authz.Caller, serial, code string, now time.Time) (shown bool, r *wire.Refusal) {
	switch {
	case serial == "" && code == "":
		return false, nil
	case serial == "" || code == "":
		return false, denied(halfOfMFA, "")
	}
	d := snap.MFADevice(serial)
	if d == nil || caller.Type != authz.User {
		return false, denied(wrongDevice, "")
	}
	user := snap.UserByID(caller.ID)
	if user == nil || user.Account != d.Account || user.Name != d.User || d.Seed.IsEmpty() {
		return false, denied(wrongDevice, "")
	}
	if cause := k.use(serial, d.Seed, code, now); cause != "" {
		return false, denied(wrongCode, cause)
	}
	return true, nil
}

// use uses up a code; cause says why it is not good.
func (k *codes) use(serial string, seed secret.Value, code string, now time.Time) (cause string) {
	current := now.Unix() / codeStep
	match := int64(-1)
	for step := current - codeWindow; step <= current+codeWindow; step++ {
		if subtle.ConstantTimeCompare([]byte(codeOf(seed, step)), []byte(code)) == 1 {
			match = step
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	u := k.devices[serial]
	if u == nil {
		k.forget(now)
		if k.devices == nil {
			k.devices = map[string]*usedCodes{}
		}
		u = &usedCodes{step: -1}
		k.devices[strings.Clone(serial)] = u // which is a part of a request
	}
	if now.Sub(u.first) >= wrongPeriod || now.Before(u.first) {
		u.wrong = 0
	}
	switch {
	case u.wrong >= maxWrong:
		return fmt.Sprintf("the MFA device %s got %d wrong codes: none is accepted until %s", serial, maxWrong, u.first.Add(wrongPeriod).UTC().Format(time.RFC3339))
	case match < 0:
		if u.wrong == 0 {
			u.first = now
		}
		u.wrong++
		return "the code is not one of the MFA device " + serial
	case match <= u.step:
		return "the code of the MFA device " + serial + " was used before, or a later one was"
	}
	u.step, u.wrong = match, 0
	return ""
}

// forget makes room: of devices whose last code nobody can use any more, and that
// got no wrong ones of late, nothing needs to be known.
func (k *codes) forget(now time.Time) {
	if len(k.devices) < maxDevices {
		return
	}
	oldest := now.Unix()/codeStep - codeWindow
	for serial, u := range k.devices {
		if u.step < oldest && (u.wrong == 0 || now.Sub(u.first) >= wrongPeriod) {
			delete(k.devices, serial)
		}
	}
}

// codeOf is the code of a step.
// https://www.rfc-editor.org/rfc/rfc4226#section-5.3
func codeOf(seed secret.Value, step int64) string {
	h := hmac.New(sha1.New, []byte(seed.Reveal()))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, n%1_000_000)
}
