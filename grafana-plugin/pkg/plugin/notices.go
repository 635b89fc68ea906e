package plugin

import (
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// A notice is the small sign in a panel's corner. Errors replace the panel; a notice stands beside what there is.

func info(format string, args ...any) data.Notice {
	return data.Notice{Severity: data.NoticeSeverityInfo, Text: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) data.Notice {
	return data.Notice{Severity: data.NoticeSeverityWarning, Text: fmt.Sprintf(format, args...)}
}

func warnings(sentences []string) []data.Notice {
	notices := make([]data.Notice, len(sentences))
	for i, sentence := range sentences {
		notices[i] = warning("%s", sentence)
	}
	return notices
}

// emptyFrame carries notices where there is nothing to draw.
func emptyFrame(name string, notices ...data.Notice) *data.Frame {
	frame := data.NewFrame(name, instants("time", []time.Time{}))
	frame.Meta = &data.FrameMeta{Notices: notices}
	return frame
}

// distinct drops notices that say what another already said: a warning of the broker comes with each instrument.
func distinct(notices []data.Notice) []data.Notice {
	seen := map[string]bool{}
	var kept []data.Notice
	for _, notice := range notices {
		if !seen[notice.Text] {
			seen[notice.Text] = true
			kept = append(kept, notice)
		}
	}
	return kept
}

func sentences(notices []data.Notice) string {
	texts := make([]string, len(notices))
	for i, notice := range notices {
		texts[i] = notice.Text
	}
	return strings.Join(texts, " ")
}
