package fleet

// Sharing tells in a report, after what it tells of clients, whether they are Apart.
func Sharing(apart bool) string {
	if apart {
		return "; they have a processor of their own"
	}
	return "; they share the processors with what they ask"
}
