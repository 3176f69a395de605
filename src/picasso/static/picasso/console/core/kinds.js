// What kind of file a media type is: its word and its icon. `picasso.templatetags.kinds` reads these tables: one entry is on
// one line, and the patterns mean the same in Python.

import { t } from './words.js';

/** The first that fits. @type {[string, RegExp][]} */
const KINDS = [
  ['pdf', /^application\/pdf$/],
  ['mail', /^message\/|ms-outlook$|\/mbox$|ms-tnef$/],
  ['book', /epub|mobipocket|mobi8|fictionbook|fb2$|ibooks|bbeb|ms-reader|comicbook|x-cb[t7]$/],
  ['table', /\/csv$|tab-separated|ndjson|jsonl$|parquet|arrow|\/avro$|x-orc$|[.\/]dbf$|\/x-s(as|pss)-|stata-dta|sparql-results/],
  ['drawing', /[.-]visio|dwg$|dxf$|dgn$|dwf$|opendocument\.graphics|\.draw|coreldraw|x-cmx$|freehand|skencil|illustrator|dia-diagram|mxfile|\.sketch$|kivio|karbon|xmind|openraster|krita|vnd\.gerber|gtk-builder|x-glade/],
  ['spreadsheet', /spreadsheet|ms-excel|gnumeric|\.calc|numbers$|quattro|lotus-1-2-3/],
  ['presentation', /presentation|powerpoint|impress|keynote|kpresenter/],
  ['subtitles', /\/vtt$|subrip|x-ssa$|x-sami$|microdvd|mpsub$|mpl2$|subviewer|ttml|\/lrc$/],
  ['playlist', /mpegurl|scpls|xspf|ms-asx$|ms-wpl$/],
  ['calendar', /calendar/],
  ['contact', /vcard|vcf$/],
  ['font', /^font\/|x-font|fontobject|fontforge/],
  ['model', /^model\/|x-3ds|x-fbx|blender|sldworks|revit|x-maya/],
  ['page', /html|webarchive|\/mhtml/],
  ['document', /msword|ms-word|\/rtf$|officedocument|opendocument|cdfv2|\/encrypted$|ms-office$|ole-storage|writer|wordperfect|ms-works|mswrite|pages$|hwp|kword|mspublisher|indesign|onenote|xpsdocument|oxps|onlyoffice|stardivision|sun\.xml|postscript|djvu|framemaker|vnd\.mif$|texinfo|\/troff$|x-tex$|docbook|tei\+xml/],
  ['image', /^image\//],
  ['video', /^video\/|\/mxf$|\/mp4$|ms-asf$|realmedia/],
  ['audio', /^audio\/|\/ogg$/],
  ['program', /executable|sharedlib|x-object|portable-executable|x-msi$|java-vm|wasm$|mach-binary|x-dex$|bytecode|appimage/],
  ['archive', /zip|[\/.-]tar$|compressed|[\/.]rar$|archive|x-xz$|bzip|lzma|lz4|zstd|zlib|\/ovf$|musicxml$|vsix|x-ios-app|nupkg|wheel|xpinstall|openofficeorg|java-[ew]ar|silverlight|debian|x-rpm$|cpio|iso9660|diskimage|squashfs|-appx|pkpass|kmz$|\.aab$|x-ar[cj]$/],
  ['key', /pkcs|pkix|x509|pgp-|ssh-public|putty|keystore|timestamp|ocsp/],
  ['code', /javascript|typescript|^text\/(x-|asp|css|jsx|tsx|vbscript|coffee)|coffeescript|vnd\.dart|graphql|\/sql$|sparql-query|powershell|x-bat$|setupscript|wasm-text|autoconfig|relax-ng|gdscript|xslt/],
  ['data', /[+\/]xml|[+\/]json|json5|yaml|toml|plist|xml-|rdf|n-quads|n-triples|\/trig$|turtle|\/n3$|sqlite|cbor|hdf|netcdf|numpy|^chemical\/|fasta|fastq|ldif|xfdf|hprof|serialized|geo\+json-seq|nzb|jnlp|freemind|scribus|x-xmp|spss/],
  ['text', /^text\/|\/sdp$|chess-pgn|binhex40|refer$|mswinurl|x-desktop|wine-extension|research-info|adobe-metric/],
  ['file', /(?:)/],
];

/** @type {Record<string, () => string>} */
const WORDS = {
  pdf: () => 'PDF',
  mail: () => t('Mail'),
  book: () => t('Book'),
  table: () => t('Table'),
  drawing: () => t('Drawing'),
  spreadsheet: () => t('Spreadsheet'),
  presentation: () => t('Presentation'),
  subtitles: () => t('Subtitles'),
  playlist: () => t('Playlist'),
  calendar: () => t('Calendar'),
  contact: () => t('Contact'),
  font: () => t('Font'),
  model: () => t('3D model'),
  page: () => t('Web page'),
  document: () => t('Document'),
  image: () => t('Picture'),
  video: () => t('Video'),
  audio: () => t('Audio'),
  program: () => t('Program'),
  archive: () => t('Archive'),
  key: () => t('Key'),
  code: () => t('Code'),
  data: () => t('Data'),
  text: () => t('Text'),
  file: () => t('File'),
};

/** Kinds without an icon of their own. @type {Record<string, string>} */
const ICONS = {
  pdf: 'document', book: 'document', presentation: 'document', page: 'document', spreadsheet: 'table', drawing: 'image',
  subtitles: 'text', playlist: 'text', calendar: 'text', contact: 'text', code: 'text', data: 'text',
  font: 'file', model: 'file', program: 'file', key: 'file',
};

/** @param {string} type a media type */
export const kindOf = (type) => /** @type {[string, RegExp]} */ (KINDS.find(([, pattern]) => pattern.test(type)))[0];

/** The kind in a word, such as "Picture". @param {string} type a media type */
export const kindText = (type) => WORDS[kindOf(type)]();

/** The name of the icon. @param {string} type a media type */
export const iconOf = (type) => ICONS[kindOf(type)] ?? kindOf(type);
