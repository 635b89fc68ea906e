package plugin

import (
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// typeVersion of the data plane contract that the frames keep.
func typeVersion() data.FrameTypeVersion { return data.FrameTypeVersion{0, 1} }

// custom is what our panel and people with the inspector read: meta.custom.tickscope.
type custom struct {
	Tickscope about `json:"tickscope"`
}

// about says whose data it is, and which channels go on with the frame; candles say more.
type about struct {
	Origin   string   `json:"origin,omitempty"`
	Channels []string `json:"channels,omitempty"`
	*candleAbout
}

// series is a frame of time and values of one instrument.
func series(name string, labels data.Labels, of about, fields ...*data.Field) *data.Frame {
	frame := data.NewFrame(name, fields...)
	for _, field := range fields {
		if field.Type().Numeric() {
			field.Labels = labels
		}
	}
	frame.Meta = &data.FrameMeta{
		Type:                   data.FrameTypeTimeSeriesWide,
		TypeVersion:            typeVersion(),
		Custom:                 custom{of},
		PreferredVisualization: data.VisTypeGraph,
	}
	return frame
}

// table is a frame of rows.
func table(name string, origin string, fields ...*data.Field) *data.Frame {
	frame := data.NewFrame(name, fields...)
	frame.Meta = &data.FrameMeta{
		Type:                   data.FrameTypeTable,
		TypeVersion:            typeVersion(),
		Custom:                 custom{about{Origin: origin}},
		PreferredVisualization: data.VisTypeTable,
	}
	return frame
}

// follow names the channels that go on with a frame. Not in meta.channel: Grafana itself would append each message as a
// row, a bar in progress ten times a second. Our front end puts the rows where they belong.
func follow(frame *data.Frame, channels ...string) {
	if found, ok := frame.Meta.Custom.(custom); ok {
		found.Tickscope.Channels = append(found.Tickscope.Channels, channels...)
		frame.Meta.Custom = found
	}
}

func instrumentLabels(name string) data.Labels { return data.Labels{"instrument": name} }

// tellApart puts the instrument before the fields' names where several would read alike in a legend.
func tellApart(frames []*data.Frame) {
	if len(frames) < 2 {
		return
	}
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if instrument := field.Labels["instrument"]; instrument != "" && field.Config != nil {
				field.Config.DisplayNameFromDS = instrument + " " + title(field.Name)
			}
		}
	}
}
