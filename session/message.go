package session

import (
	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

// SealMessage encodes what a denial does not say openly, for
// DecodeAuthorizationMessage: only who may call that in the account can read it.
// It is empty where the snapshot has no session keys.
func SealMessage(snap *bundle.Snapshot, account string, message []byte) string { return "" }

// OpenMessage decodes what SealMessage encoded for the account.
func OpenMessage(snap *bundle.Snapshot, account, encoded string) ([]byte, *wire.Refusal) {
	return nil, unsupported()
}
