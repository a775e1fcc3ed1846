package session

import (
	"net/http"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
	"github.com/sallyport-iam/sallyport/wire"
)

const (
	// maxEncodedMessage bounds an encoded message, in characters, as AWS does.
	maxEncodedMessage = 10240
	// maxMessage bounds what one holds, in bytes.
	maxMessage = 64 << 10
)

// SealMessage encodes what a denial does not say openly, for
// DecodeAuthorizationMessage: only who may call that in the account can read it.
// It is empty where the snapshot has no session keys, or if the message is too long.
func SealMessage(snap *bundle.Snapshot, account string, message []byte) string {
	keys := snap.SessionKeys()
	if keys == nil || len(message) > maxMessage {
		return ""
	}
	sealed, ok := seal(keys, messageLabelOf(keys, account), appendPacked(nil, message))
	if !ok || len(sealed) > maxEncodedMessage {
		return ""
	}
	return sealed
}

// OpenMessage decodes what SealMessage encoded for the account.
func OpenMessage(snap *bundle.Snapshot, account, encoded string) ([]byte, *wire.Refusal) {
	refusal := &wire.Refusal{Status: http.StatusBadRequest, Code: "InvalidAuthorizationMessageException", Message: "Unable to decode the authorization message."}
	keys := snap.SessionKeys()
	if keys == nil || len(encoded) > maxEncodedMessage {
		return nil, refusal
	}
	packed, _, ok := unseal(keys, messageLabelOf(keys, account), encoded, time.Time{})
	if !ok {
		return nil, refusal
	}
	message, ok := unpack(packed, maxMessage)
	if !ok {
		return nil, refusal
	}
	return message, nil
}

// messageLabelOf binds a message to a deployment and an account.
func messageLabelOf(keys *bundle.SessionKeys, account string) string {
	return string(appendText(appendText([]byte(messageLabel), keys.Deployment), account))
}
