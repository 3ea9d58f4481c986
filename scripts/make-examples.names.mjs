// Common Japanese and English names, combined by chance: nobody in the examples exists.

const parse = (text) =>
  text
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [kanji, kana, roman] = entry.split(':');
      return { kanji, kana, roman };
    });

export const FAMILY_NAMES = parse(`
佐藤:サトウ:sato 鈴木:スズキ:suzuki 高橋:タカハシ:takahashi 田中:タナカ:tanaka 伊藤:イトウ:ito 渡辺:ワタナベ:watanabe
山本:ヤマモト:yamamoto 中村:ナカムラ:nakamura 小林:コバヤシ:kobayashi 加藤:カトウ:kato 吉田:ヨシダ:yoshida 山田:ヤマダ:yamada
佐々木:ササキ:sasaki 山口:ヤマグチ:yamaguchi 松本:マツモト:matsumoto 井上:イノウエ:inoue 木村:キムラ:kimura 林:ハヤシ:hayashi
斎藤:サイトウ:saito 清水:シミズ:shimizu 山崎:ヤマザキ:yamazaki 阿部:アベ:abe 森:モリ:mori 池田:イケダ:ikeda
橋本:ハシモト:hashimoto 石川:イシカワ:ishikawa 山下:ヤマシタ:yamashita 小川:オガワ:ogawa 石井:イシイ:ishii 長谷川:ハセガワ:hasegawa
後藤:ゴトウ:goto 岡田:オカダ:okada 近藤:コンドウ:kondo 前田:マエダ:maeda 藤田:フジタ:fujita 遠藤:エンドウ:endo
青木:アオキ:aoki 坂本:サカモト:sakamoto 村上:ムラカミ:murakami 太田:オオタ:ota 金子:カネコ:kaneko 藤井:フジイ:fujii
福田:フクダ:fukuda 西村:ニシムラ:nishimura 三浦:ミウラ:miura 竹内:タケウチ:takeuchi 中川:ナカガワ:nakagawa 岡本:オカモト:okamoto
松田:マツダ:matsuda 原田:ハラダ:harada 中野:ナカノ:nakano 小野:オノ:ono 田村:タムラ:tamura 藤原:フジワラ:fujiwara
中山:ナカヤマ:nakayama 石田:イシダ:ishida 小島:コジマ:kojima 和田:ワダ:wada 森田:モリタ:morita 内田:ウチダ:uchida
柴田:シバタ:shibata 酒井:サカイ:sakai 原:ハラ:hara 高木:タカギ:takagi 横山:ヨコヤマ:yokoyama 安藤:アンドウ:ando
宮崎:ミヤザキ:miyazaki 上田:ウエダ:ueda 島田:シマダ:shimada 工藤:クドウ:kudo 大野:オオノ:ono 宮本:ミヤモト:miyamoto
杉山:スギヤマ:sugiyama 今井:イマイ:imai 丸山:マルヤマ:maruyama 増田:マスダ:masuda 髙田:タカダ:takada 村田:ムラタ:murata
平野:ヒラノ:hirano 大塚:オオツカ:otsuka 菅原:スガワラ:sugawara 武田:タケダ:takeda 新井:アライ:arai 小山:コヤマ:koyama
野口:ノグチ:noguchi 桜井:サクライ:sakurai 千葉:チバ:chiba 岩崎:イワサキ:iwasaki 野村:ノムラ:nomura 松井:マツイ:matsui
`);

const GIVEN_MALE = parse(`
翔太:ショウタ:shota 大輔:ダイスケ:daisuke 健太:ケンタ:kenta 拓也:タクヤ:takuya 直樹:ナオキ:naoki 和也:カズヤ:kazuya
達也:タツヤ:tatsuya 誠:マコト:makoto 隆:タカシ:takashi 浩二:コウジ:koji 修:オサム:osamu 剛:ツヨシ:tsuyoshi
亮:リョウ:ryo 大樹:ダイキ:daiki 悠斗:ユウト:yuto 蓮:レン:ren 陽介:ヨウスケ:yosuke 康平:コウヘイ:kohei
雄太:ユウタ:yuta 裕也:ユウヤ:yuya 哲也:テツヤ:tetsuya 正樹:マサキ:masaki 智也:トモヤ:tomoya 慎一:シンイチ:shinichi
博之:ヒロユキ:hiroyuki 秀樹:ヒデキ:hideki 勝:マサル:masaru 豊:ユタカ:yutaka 幸雄:ユキオ:yukio 茂:シゲル:shigeru
健一:ケンイチ:kenichi 淳:ジュン:jun 聡:サトシ:satoshi 洋平:ヨウヘイ:yohei 一樹:カズキ:kazuki 涼:リョウ:ryo2
`);

const GIVEN_FEMALE = parse(`
花子:ハナコ:hanako 美咲:ミサキ:misaki 愛:アイ:ai 彩:アヤ:aya 由美子:ユミコ:yumiko 恵子:ケイコ:keiko
陽子:ヨウコ:yoko 久美子:クミコ:kumiko 真由美:マユミ:mayumi 智子:トモコ:tomoko 裕子:ユウコ:yuko 直美:ナオミ:naomi
千尋:チヒロ:chihiro 麻衣:マイ:mai 奈々:ナナ:nana 沙織:サオリ:saori 香織:カオリ:kaori 舞:マイ:mai2
優子:ユウコ:yuko2 理恵:リエ:rie 葵:アオイ:aoi 結衣:ユイ:yui 楓:カエデ:kaede 凛:リン:rin
早紀:サキ:saki 友美:トモミ:tomomi 典子:ノリコ:noriko 幸子:サチコ:sachiko 和子:カズコ:kazuko 春香:ハルカ:haruka
綾乃:アヤノ:ayano 若菜:ワカナ:wakana 亜由美:アユミ:ayumi 瞳:ヒトミ:hitomi
`);

export const GIVEN_NAMES = [...GIVEN_MALE, ...GIVEN_FEMALE].map((name) => ({
  ...name,
  roman: name.roman.replace(/\d/, ''),
}));

export const ENGLISH_FAMILY_NAMES =
  `Adams Baker Bennett Brooks Carter Clarke Coleman Cooper Davies Edwards Ellis Evans Fisher Foster Garcia
Graham Green Griffin Hamilton Harris Hayes Hughes Jackson Jenkins Johnson Jones Kelly King Lewis Lopez Martin Mitchell Morgan Murphy Nelson
Nguyen O'Brien Parker Patel Perez Phillips Powell Reed Reyes Roberts Robinson Rogers Russell Sanders Scott Shaw Singh Stewart Sullivan Taylor
Thomas Turner Walker Watson White Williams Wilson Wood Wright Young`.split(/\s+/);

export const ENGLISH_GIVEN_NAMES =
  `Aaron Abigail Alice Amelia Andrew Anna Anthony Benjamin Caroline Charlotte Christopher Claire Daniel David
Eleanor Elizabeth Emily Emma Ethan Eva Frances George Grace Hannah Henry Isabel Jack James Jessica Joseph Joshua Julia Karen Laura Liam Lucy
Margaret Maria Martha Matthew Megan Michael Nathan Nicholas Noah Olivia Oscar Patrick Paul Peter Rachel Rebecca Robert Ruth Samuel Sarah Simon
Sophie Stephen Susan Theodore Thomas Victoria Vincent William Zoe`.split(/\s+/);
