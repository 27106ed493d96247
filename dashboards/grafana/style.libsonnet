// Colours and words. The colours are those of Okabe and Ito, and a grey: told apart in every common kind of colour
// blindness. No value is told by its colour alone.
local colours = {
  blue: '#0072B2',
  sky: '#56B4E9',
  green: '#009E73',
  yellow: '#F0E442',
  orange: '#E69F00',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#666666',
};

local steps(list) = { mode: 'absolute', steps: list };

// entries: of [value, text, colour].
local words(entries) = [{
  type: 'value',
  options: { [std.toString(entry[0])]: { text: entry[1], color: entry[2] } for entry in entries },
}];

{
  colours: colours,
  fine: colours.blue,
  warning: colours.orange,
  critical: colours.vermillion,

  // Fine below them; without a critical one all above is a warning.
  thresholds(warning, critical=null):: steps(
    [{ value: null, color: $.fine }]
    + (if warning == null then [] else [{ value: warning, color: $.warning }])
    + (if critical == null then [] else [{ value: critical, color: $.critical }])
  ),

  words: words,

  // The causes in the order of the contract, which is that of their numbers; 0 is free.
  causes: {
    denied: colours.grey,
    address: colours.grey,
    privileged: colours.grey,
    listener: colours.blue,
    bound: colours.purple,
    outgoing: colours.vermillion,
    connected: colours.sky,
    closing: colours.yellow,
    time_wait: colours.orange,
    unseen: colours.green,
  },
  causeNames: ['denied', 'address', 'privileged', 'listener', 'bound', 'outgoing', 'connected', 'closing', 'time_wait', 'unseen'],
  causeWords: words([[0, 'free', 'transparent']] + [
    [i + 1, $.causeNames[i], $.causes[$.causeNames[i]]]
    for i in std.range(0, std.length($.causeNames) - 1)
  ]),

  verdictWords: words([[0, 'free', colours.blue], [1, 'reusable', colours.orange], [2, 'held', colours.vermillion]]),

  states: {
    established: colours.blue,
    syn_sent: colours.grey,
    syn_recv: colours.grey,
    fin_wait1: colours.yellow,
    fin_wait2: colours.yellow,
    time_wait: colours.orange,
    close: colours.purple,
    close_wait: colours.vermillion,
    last_ack: colours.yellow,
    listen: colours.green,
    closing: colours.yellow,
    bound_inactive: colours.purple,
  },
}
