package plugin

import (
	"fmt"
	"strings"
)

// channel is the address in Grafana Live of a stream of this data source: ds/<uid>/<parts>.
func channel(uid string, parts ...any) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = fmt.Sprint(part)
	}
	return "ds/" + uid + "/" + strings.Join(texts, "/")
}
