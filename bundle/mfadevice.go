package bundle

import "github.com/sallyport-iam/sallyport/secret"

// MFADevice is a virtual MFA device (TOTP, RFC 6238: SHA-1, 30 s, 6 digits) of a
// user.
type MFADevice struct {
	// Serial is the device's ARN.
	Serial string
	// Account and User are whose it is.
	Account, User string
	// Seed is the shared secret: the bytes themselves, not their base32.
	Seed secret.Value
}
